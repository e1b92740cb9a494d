package replica_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// schema is an object of the document, its reference followed.
func (d *description) schema(of any) map[string]any {
	object, _ := of.(map[string]any)
	if reference, is := object["$ref"].(string); is {
		at := any(d.object)
		for part := range strings.SplitSeq(strings.TrimPrefix(reference, "#/"), "/") {
			at = at.(map[string]any)[part]
		}
		return d.schema(at)
	}
	return object
}

// responses yields every response of the document by the name of its operation and
// status, with the schema of its JSON.
func (d *description) responses(visit func(name string, schema map[string]any)) {
	d.operations(func(_, _ string, operation map[string]any) {
		for status, response := range operation["responses"].(map[string]any) {
			content := d.schema(d.schema(response)["content"])
			json := d.schema(content["application/json"])
			visit(fmt.Sprint(operation["operationId"], " ", status), d.schema(json["schema"]))
		}
	})
}

// deepest bounds the paths of properties: a response that had itself inside would have
// no end of them.
const deepest = 12

// declare notes the properties of a schema, by the path to them.
func (d *description) declare(schema map[string]any, path string, declared map[string]bool) {
	if strings.Count(path, ".") > deepest {
		panic("no response may be as deep as " + path)
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, property := range properties {
		of := d.schema(property)
		if of["x-needs-model"] == true {
			continue // what a tenant without models never sees
		}
		declared[path+"."+name] = true
		d.declare(of, path+"."+name, declared)
	}
	if items := d.schema(schema["items"]); items != nil {
		d.declare(items, path+"[]", declared)
	}
	alternatives, _ := schema["oneOf"].([]any)
	for _, one := range alternatives {
		d.declare(d.schema(one), path, declared)
	}
}

// mark notes the operation, the status and the properties that a response has.
func (d *description) mark(t *testing.T, method, url string, r response) {
	t.Helper()
	operation := d.operationOf(t, method, url)
	name := fmt.Sprint(operation["operationId"], " ", r.status)
	if _, own := operation["responses"].(map[string]any)[fmt.Sprint(r.status)]; !own {
		name = fmt.Sprint(operation["operationId"], " default")
	}
	d.seen[name] = true
	if r.header.Get("Content-Type") != "application/json" {
		return
	}
	var value any
	r.into(t, &value)
	d.markValue(value, name)
}

func (d *description) markValue(value any, path string) {
	switch v := value.(type) {
	case map[string]any:
		for name, one := range v {
			d.seen[path+"."+name] = true
			d.markValue(one, path+"."+name)
		}
	case []any:
		for _, one := range v {
			d.markValue(one, path+"[]")
		}
	}
}

// operationOf finds the operation of a request by the handler's own patterns.
func (d *description) operationOf(t *testing.T, method, url string) (found map[string]any) {
	t.Helper()
	request, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	d.operations(func(path, method string, operation map[string]any) {
		mux.HandleFunc(pattern(method, path), func(http.ResponseWriter, *http.Request) { found = operation })
	})
	mux.ServeHTTP(nil, request)
	if found == nil {
		t.Fatalf("%s %s is not described", method, url)
	}
	return found
}

// checkSeen fails for what the document says and no exchange had.
func (d *description) checkSeen(t *testing.T) {
	t.Helper()
	declared := map[string]bool{}
	d.responses(func(name string, schema map[string]any) {
		declared[name] = true
		d.declare(schema, name, declared)
	})
	var missing []string
	for what := range declared {
		if !d.seen[what] {
			missing = append(missing, what)
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		t.Errorf("described and not seen:\n%s", strings.Join(missing, "\n"))
	}
}
