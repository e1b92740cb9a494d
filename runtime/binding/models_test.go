package binding

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func models() *Models {
	at := ModelEndpoint{URL: "https://models.example/v1", Model: "m", Key: "sk-hunter2"}
	return &Models{
		Chat:      &ChatModel{ModelEndpoint: at, ContextTokens: 32_768},
		Embedding: &EmbeddingModel{ModelEndpoint: at, Dimensions: 1024, Shorten: true},
		Reranker:  &RerankerModel{ModelEndpoint: at, Shape: RerankTexts},
		Private:   []PrivateRange{{CIDR: "10.1.0.0/16", Port: 8080}},
	}
}

func TestModelsSurviveTheBinding(t *testing.T) {
	b := sample(Database{Cell: true})
	without, err := Encode(b)
	if err != nil || bytes.Contains(without, []byte("models")) {
		t.Fatalf("a Binding without models is %s, %v: older runtimes refuse it", without, err)
	}
	b.Models = models()
	data, err := Encode(b)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Decode(data); err != nil || !reflect.DeepEqual(got.Models, b.Models) {
		t.Errorf("got %+v, %v", got.Models, err)
	}
}

func TestModelsRefused(t *testing.T) {
	url := func(u string) func(*Models) { return func(m *Models) { m.Chat.URL = u } }
	cases := map[string]struct {
		edit  func(*Models)
		names string
	}{
		"no URL":                      {url(""), "models.chat.url"},
		"no host":                     {url("https:///v1"), "models.chat.url"},
		"another scheme":              {url("file:///hunter2"), "models.chat.url"},
		"a password":                  {url("https://u:hunter2@models.example/v1"), "models.chat.url"},
		"a query":                     {url("https://models.example/v1?key=hunter2"), "models.chat.url"},
		"a fragment":                  {url("https://models.example/v1#x"), "models.chat.url"},
		"a host with a dot behind":    {url("https://models.example./v1"), "models.chat.url"},
		"a zone":                      {url("https://[fc00::1%25eth0]/v1"), "models.chat.url"},
		"port 0":                      {url("https://models.example:0/v1"), "models.chat.url"},
		"no TLS":                      {url("http://models.example/v1"), "no private address is allowed at port 80"},
		"no TLS at an allowed port":   {url("http://models.example:8081/v1"), "at port 8081"},
		"too long a URL":              {url("https://models.example/" + strings.Repeat("a", MaxModelURL)), "models.chat.url"},
		"no model":                    {func(m *Models) { m.Chat.Model = "" }, "models.chat.model"},
		"too long a model":            {func(m *Models) { m.Chat.Model = strings.Repeat("a", MaxModelName+1) }, "models.chat.model"},
		"a key of two lines":          {func(m *Models) { m.Chat.Key = "hunter2\r\nHost: x" }, "models.chat.key"},
		"too long a key":              {func(m *Models) { m.Chat.Key = strings.Repeat("hunter2", MaxModelKey) }, "models.chat.key"},
		"a small context":             {func(m *Models) { m.Chat.ContextTokens = 100 }, "models.chat.contextTokens"},
		"no dimensions":               {func(m *Models) { m.Embedding.Dimensions = 0 }, "models.embedding.dimensions"},
		"an unusable one's URL":       {func(m *Models) { m.Embedding.Unusable, m.Embedding.Key = true, "" }, "models.embedding.unusable"},
		"an unusable one's key":       {func(m *Models) { m.Embedding.Unusable, m.Embedding.URL, m.Embedding.Key = true, "", "hunter2" }, "models.embedding.unusable"},
		"an unusable one's name":      {func(m *Models) { m.Embedding.Unusable, m.Embedding.ModelEndpoint = true, ModelEndpoint{} }, "models.embedding.model"},
		"no embedding model":          {func(m *Models) { m.Embedding.Model = "" }, "models.embedding.model"},
		"an unknown shape":            {func(m *Models) { m.Reranker.Shape = "Round" }, "models.reranker.shape"},
		"a reranker without a URL":    {func(m *Models) { m.Reranker.URL = "" }, "models.reranker.url"},
		"a public range":              {func(m *Models) { m.Private[0].CIDR = "8.8.8.0/24" }, "models.private[0]"},
		"the whole Internet":          {func(m *Models) { m.Private[0].CIDR = "0.0.0.0/0" }, "models.private[0]"},
		"metadata":                    {func(m *Models) { m.Private[0].CIDR = "169.254.169.254/32" }, "models.private[0]"},
		"metadata of a private range": {func(m *Models) { m.Private[0].CIDR = "fd00:ec2::254/128" }, "models.private[0]"},
		"a range without a port":      {func(m *Models) { m.Private[0].Port = 0 }, "models.private[0]"},
		"too many ranges":             {func(m *Models) { m.Private = make([]PrivateRange, 513) }, "models.private"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := sample(Database{Cell: true})
			b.Models = models()
			c.edit(b.Models)
			_, err := Encode(b)
			if err == nil || !strings.Contains(err.Error(), c.names) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error is %v, want one that names %s and quotes no secret", err, c.names)
			}
		})
	}
}

func TestModelsAllowed(t *testing.T) {
	for name, url := range map[string]string{
		"no TLS at an allowed port": "http://models.example:8080/v1", "an address": "http://10.1.2.3:8080", "IPv6": "https://[fc00::1]/v1",
	} {
		t.Run(name, func(t *testing.T) {
			b := sample(Database{Cell: true})
			b.Models = models()
			b.Models.Chat.URL = url
			if _, err := Encode(b); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestParsePrivate(t *testing.T) {
	for cidr, private := range map[string]bool{
		"10.0.0.0/8": true, "10.9.9.9/32": true, "192.168.0.0/17": true, "fd12::/64": true, "100.64.0.0/10": true,
		"0.0.0.0/0": false, "8.0.0.0/6": false, "192.0.0.0/8": false, "::/0": false, "2001:db8::/32": false, "::ffff:10.0.0.0/104": false, "10.0.0.1": false,
	} {
		if _, err := ParsePrivate(cidr); (err == nil) != private {
			t.Errorf("%s: private %v, %v", cidr, private, err)
		}
	}
}
