package apply

import "testing"

func TestHash(t *testing.T) {
	hash := func(text string) string {
		h, err := Hash(object(t, text))
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	of := hash(`{kind: Cluster, metadata: {name: a}, spec: {instances: 1}}`)
	if of != hash(`{kind: Cluster, metadata: {name: a, uid: u}, spec: {instances: 1}}`) {
		t.Error("the same intent, meant for one object, has another hash")
	}
	if of == hash(`{kind: Cluster, metadata: {name: a}, spec: {instances: 2}}`) {
		t.Error("another intent has the same hash")
	}
}
