package filter

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var document = Attributes{
	"lang": Text("de"), "year": Number(2024), "draft": Bool(false), "day": Text("2024-05-01"), "empty": Text(""),
}

func TestMatch(t *testing.T) {
	tests := map[string]bool{
		`null`: true,
		`{"type":"eq","key":"lang","value":"de"}`:                           true,
		`{"type":"eq","key":"lang","value":"d"}`:                            false,
		`{"type":"eq","key":"year","value":2024.0}`:                         true,
		`{"type":"eq","key":"year","value":"2024"}`:                         false,
		`{"type":"eq","key":"draft","value":false}`:                         true,
		`{"type":"eq","key":"draft","value":0}`:                             false,
		`{"type":"eq","key":"empty","value":""}`:                            true,
		`{"type":"ne","key":"lang","value":"en"}`:                           true,
		`{"type":"ne","key":"lang","value":"de"}`:                           false,
		`{"type":"ne","key":"year","value":"2024"}`:                         true,
		`{"type":"gt","key":"year","value":2023}`:                           true,
		`{"type":"gt","key":"year","value":2024}`:                           false,
		`{"type":"gte","key":"year","value":2024}`:                          true,
		`{"type":"lt","key":"year","value":2024}`:                           false,
		`{"type":"lte","key":"year","value":2024}`:                          true,
		`{"type":"lt","key":"day","value":"2024-06"}`:                       true,
		`{"type":"gt","key":"day","value":20240101}`:                        false,
		`{"type":"in","key":"lang","value":["en","de"]}`:                    true,
		`{"type":"in","key":"year","value":["2024",2023]}`:                  false,
		`{"type":"nin","key":"lang","value":["en","fr"]}`:                   true,
		`{"type":"nin","key":"lang","value":["de"]}`:                        false,
		`{"type":"eq","key":"owner","value":""}`:                            false,
		`{"type":"lt","key":"owner","value":9}`:                             false,
		`{"type":"gte","key":"owner","value":0}`:                            false,
		`{"type":"in","key":"owner","value":["x"]}`:                         false,
		`{"type":"ne","key":"owner","value":"x"}`:                           true,
		`{"type":"nin","key":"owner","value":["x"]}`:                        true,
		`{"type":"and","filters":[` + isDE + `,` + isDraft + `]}`:           false,
		`{"type":"or","filters":[` + isDE + `,` + isDraft + `]}`:            true,
		`{"type":"and","filters":[{"type":"or","filters":[` + isDE + `]}]}`: true,
	}
	encoded := document.Encode()
	for in, want := range tests {
		f, err := Parse("filters", []byte(in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
		} else if got := f.Match(encoded); got != want {
			t.Errorf("%s matches: %t", in, got)
		}
	}
}

const (
	isDE    = `{"type":"eq","key":"lang","value":"de"}`
	isDraft = `{"type":"eq","key":"draft","value":true}`
)

func TestParseTellsWhere(t *testing.T) {
	deep := strings.Repeat(`{"type":"and","filters":[`, MaxDepth) + isDE + strings.Repeat(`]}`, MaxDepth)
	many := `{"type":"or","filters":[` + strings.TrimSuffix(strings.Repeat(isDE+",", MaxConditions), ",") + `]}`
	tests := map[string]string{
		`[]`:                                    "filters",
		`"x"`:                                   "filters",
		`{}`:                                    "filters.type",
		`{"type":"like"}`:                       "filters.type",
		`{"type":"eq","key":"a"}`:               "filters.value",
		`{"type":"eq","key":"a","value":null}`:  "filters.value",
		`{"type":"eq","key":"a","value":[1]}`:   "filters.value",
		`{"type":"eq","key":"a","value":1e999}`: "filters.value",
		`{"type":"eq","key":"a","value":1,"x":1}`:                                     "filters",
		`{"type":"eq","key":"a","value":1,"filters":[]}`:                              "filters",
		`{"type":"eq","value":1}`:                                                     "filters.key",
		`{"type":"eq","key":"","value":1}`:                                            "filters.key",
		`{"type":"eq","key":"a\u0000","value":1}`:                                     "filters.key",
		`{"type":"gt","key":"a","value":true}`:                                        "filters.value",
		`{"type":"in","key":"a","value":"x"}`:                                         "filters.value",
		`{"type":"in","key":"a","value":[]}`:                                          "filters.value",
		`{"type":"nin","key":"a","value":[1,{}]}`:                                     "filters.value[1]",
		`{"type":"and","key":"a","filters":[]}`:                                       "filters",
		`{"type":"and","filters":[]}`:                                                 "filters.filters",
		`{"type":"or","filters":[` + isDE + `,{"type":"gt","key":"a","value":null}]}`: "filters.filters[1].value",
		`{"type":"eq","key":"` + strings.Repeat("k", MaxKey+1) + `","value":1}`:       "filters.key",
		`{"type":"eq","key":"a","value":"` + strings.Repeat("v", MaxText+1) + `"}`:    "filters.value",
		deep: "filters" + strings.Repeat(".filters[0]", MaxDepth),
		many: fmt.Sprintf("filters.filters[%d]", MaxConditions-1),
	}
	for in, want := range tests {
		_, err := Parse("filters", []byte(in))
		if placeOf(err) != want {
			t.Errorf("%.80s: %v, want it at %s", in, err, want)
		}
	}
}

// placeOf is where an error says that it is.
func placeOf(err error) string {
	var at Error
	errors.As(err, &at)
	return at.Path
}

func TestParseAttributes(t *testing.T) {
	for in, want := range map[string]Attributes{
		"":     nil,
		"null": nil,
		"{}":   nil,
		`{"lang":"de","year":2024,"draft":false,"day":"2024-05-01","empty":""}`: document,
	} {
		got, err := ParseAttributes("attributes", []byte(in))
		if err != nil || !cmp.Equal(got, want, values) {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	many := Attributes{}
	for i := range MaxAttributes + 1 {
		many[fmt.Sprint(i)] = Bool(true)
	}
	tooMany, _ := json.Marshal(many)
	for in, want := range map[string]string{
		`[]`: "attributes", `{`: "attributes", `{"":1}`: "attributes", `{"a\n":1}`: "attributes",
		`{"a":[1]}`: "attributes.a", `{"a":null}`: "attributes.a", string(tooMany): "attributes",
		`{"a":"` + strings.Repeat("v", MaxText+1) + `"}`: "attributes.a",
	} {
		_, err := ParseAttributes("attributes", []byte(in))
		if placeOf(err) != want {
			t.Errorf("%.40s: %v, want it at %s", in, err, want)
		}
	}
}

var values = cmp.AllowUnexported(Value{})

// TestLaws: of random documents and conditions, whatever they are.
func TestLaws(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	agree := func(law string, a, b bool) {
		t.Helper()
		if a != b {
			t.Errorf("%s does not hold", law)
		}
	}
	for range 20_000 {
		d := someAttributes(random).Encode()
		key, v := someKey(random), someValue(random)
		is := func(op string) bool { return ask(t, op, key, v, d) }
		agree("ne is not eq", is("ne"), !is("eq"))
		agree("in of one is eq", ask(t, "in", key, []Value{v}, d), is("eq"))
		agree("nin is not in", ask(t, "nin", key, []Value{v, v}, d), !ask(t, "in", key, []Value{v, v}, d))
		if v.ordered() {
			agree("lte is lt or eq", is("lte"), is("lt") || is("eq"))
			agree("gte is gt or eq", is("gte"), is("gt") || is("eq"))
			agree("lt excludes gte", is("lt") && is("gte"), false)
		}
		a, b := someCondition(random, 3), someCondition(random, 3)
		agree("De Morgan", not{both{a, b}}.match(d), either{not{a}, not{b}}.match(d))
		agree("order of and", both{a, b}.match(d), both{b, a}.match(d))
		agree("absorption", either{a, both{a, b}}.match(d), a.match(d))
	}
}

// ask writes a condition as a client does, and has it matched.
func ask(t *testing.T, op, key string, value any, encoded []byte) bool {
	t.Helper()
	in, err := json.Marshal(map[string]any{"type": op, "key": key, "value": value})
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse("filters", in)
	if err != nil {
		t.Fatal(err)
	}
	return f.Match(encoded)
}

func someKey(random *rand.Rand) string { return string(rune('a' + random.IntN(4))) }

func someValue(random *rand.Rand) Value {
	switch random.IntN(3) {
	case 0:
		return Number(float64(random.IntN(3) - 1))
	case 1:
		return Bool(random.IntN(2) == 0)
	}
	return Text([]string{"", "a", "ab", "é"}[random.IntN(4)])
}

func someAttributes(random *rand.Rand) Attributes {
	a := Attributes{}
	for range random.IntN(4) {
		a[someKey(random)] = someValue(random)
	}
	return a
}

func someCondition(random *rand.Rand, depth int) condition {
	switch random.IntN(4 + min(depth, 1)*2) {
	case 0:
		return oneOf{someKey(random), []Value{someValue(random), someValue(random)}}
	case 1:
		return not{oneOf{someKey(random), []Value{someValue(random)}}}
	case 2:
		return order{someKey(random), Number(float64(random.IntN(3) - 1)), orders["gt"]}
	case 3:
		return order{someKey(random), Text("ab"), orders["lte"]}
	case 4:
		return both{someCondition(random, depth-1), someCondition(random, depth-1)}
	}
	return either{someCondition(random, depth-1), someCondition(random, depth-1)}
}

func TestMatchAllocatesNothing(t *testing.T) {
	f, err := Parse("filters", []byte(`{"type":"and","filters":[`+isDE+`,{"type":"gt","key":"day","value":"2024"},{"type":"nin","key":"year","value":[1,2]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	encoded := document.Encode()
	if n := testing.AllocsPerRun(100, func() { f.Match(encoded) }); n > 0 {
		t.Errorf("%f allocations", n)
	}
}
