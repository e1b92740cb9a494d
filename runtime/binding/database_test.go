package binding

import (
	"encoding/json"
	"encoding/pem"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// certificate is any, in PEM.
func certificate(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	t.Cleanup(server.Close)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

func sample(d Database) Binding {
	return Binding{
		Version: Version, Epoch: 1, Incarnation: 1, Tenant: Tenant{ID: uuid.New(), Name: "acme"},
		State: Active, Containment: ContainmentNone, Key: Key{Provider: ProviderTransit, Mount: "m", Name: "n", Role: "r"},
		Database: d,
	}
}

func TestDatabaseForms(t *testing.T) {
	own := Database{Host: "database-rw.bulkhead-t-1-db.svc", CAPEM: certificate(t), AppPassword: "a", LanePassword: "l"}
	for _, d := range []Database{{Cell: true}, own} {
		data, err := Encode(sample(d))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(data)
		if err != nil || got.Database != d || got.Database.Dedicated() == d.Cell {
			t.Errorf("%+v became %+v, %v", d, got.Database, err)
		}
	}
	cases := map[string]struct {
		edit  func(*Database)
		names string
	}{
		"neither":           {func(d *Database) { *d = Database{} }, "database.host"},
		"both":              {func(d *Database) { d.Cell = true }, "database.cell"},
		"cell and a rest":   {func(d *Database) { *d = Database{Cell: true, LanePassword: "l"} }, "database.cell"},
		"socket":            {func(d *Database) { d.Host = "/var/run/postgresql" }, "database.host"},
		"two hosts":         {func(d *Database) { d.Host = "a,b" }, "database.host"},
		"host with a port":  {func(d *Database) { d.Host = "a:5433" }, "database.host"},
		"no CA":             {func(d *Database) { d.CAPEM = "" }, "database.caPEM"},
		"CA of another cut": {func(d *Database) { d.CAPEM = d.CAPEM[:60] }, "database.caPEM"},
		"no app password":   {func(d *Database) { d.AppPassword = "" }, "database.appPassword"},
		"no lane password":  {func(d *Database) { d.LanePassword = "" }, "database.lanePassword"},
		"zero byte":         {func(d *Database) { d.LanePassword = "a\x00b" }, "database.lanePassword"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := own
			c.edit(&d)
			data, err := json.Marshal(sample(d))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Decode(data); err == nil || !strings.Contains(err.Error(), c.names+":") {
				t.Errorf("the error does not name %s: %v", c.names, err)
			}
		})
	}
}

func TestDecodeQuotesNoValue(t *testing.T) {
	data, err := json.Marshal(sample(Database{Cell: true}))
	if err != nil {
		t.Fatal(err)
	}
	bad := strings.Replace(string(data), `"cell":true`, `"appPassword":12345678`, 1)
	_, err = Decode([]byte(bad))
	if err == nil || strings.Contains(err.Error(), "12345678") || !strings.Contains(err.Error(), "appPassword") {
		t.Errorf("got %v", err)
	}
}

// An acknowledgement of a replica that knows no databases of tenants is one
// that says nothing of them.
func TestAckWithoutDatabase(t *testing.T) {
	ack, err := DecodeAck(`{"revision":"r","key":"ok"}`)
	if err != nil || ack != (Acknowledgement{Revision: "r", Key: KeyOK}) {
		t.Errorf("got %+v, %v", ack, err)
	}
	if text := EncodeAck(ack); text != `{"revision":"r","key":"ok"}` {
		t.Errorf("got %s", text)
	}
}
