package main

import (
	"testing"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/addresses"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/link"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

func TestRequestSettings(t *testing.T) {
	to := func(ordinal int) *link.Peer {
		return &link.Peer{Cluster: state.Cluster{Name: "first", Dir: "/first"}, Settings: state.Settings{Name: "first", Ordinal: ordinal}}
	}
	nothing := request{ordinal: unasked}
	tests := []struct {
		name    string
		last    state.Settings
		request request
		peer    *link.Peer
		want    state.Settings
		ok      bool
	}{
		{"a new cluster", state.Settings{}, nothing, nil, state.Settings{Name: "x"}, true},
		{"a new one beside another", state.Settings{}, nothing, to(0), state.Settings{Name: "x", Ordinal: 1, Link: "/first"}, true},
		{"beside the last", state.Settings{}, nothing, to(addresses.Clusters - 1), state.Settings{Name: "x", Link: "/first"}, true},
		{"with an ordinal", state.Settings{}, request{ordinal: 5, noVault: true}, nil, state.Settings{Name: "x", Ordinal: 5, NoVault: true}, true},
		{"with an ordinal that there is not", state.Settings{}, request{ordinal: addresses.Clusters}, nil, state.Settings{}, false},
		{"with the other one's ordinal", state.Settings{}, request{ordinal: 2}, to(2), state.Settings{}, false},
		{
			"as it was",
			state.Settings{Name: "x", Ordinal: 3, NoVault: true, Link: "/first", APIPort: 7},
			nothing, nil,
			state.Settings{Name: "x", Ordinal: 3, NoVault: true, Link: "/first", APIPort: 7},
			true,
		},
		{"linked later", state.Settings{Name: "x", Ordinal: 3}, nothing, to(0), state.Settings{Name: "x", Ordinal: 3, Link: "/first"}, true},
		{"linked later, with the same addresses", state.Settings{Name: "x"}, nothing, to(0), state.Settings{}, false},
		{"another ordinal", state.Settings{Name: "x"}, request{ordinal: 1}, nil, state.Settings{}, false},
		{"without the Vault that it has", state.Settings{Name: "x"}, request{ordinal: unasked, noVault: true}, nil, state.Settings{}, false},
		{
			"made anew",
			state.Settings{Name: "x", Ordinal: 3, NoVault: true, Link: "/first", APIPort: 7},
			request{ordinal: unasked, fresh: true},
			nil,
			state.Settings{Name: "x"},
			true,
		},
	}
	for _, tt := range tests {
		got, err := tt.request.settings("x", tt.last, tt.peer)
		if (err == nil) != tt.ok || (tt.ok && got != tt.want) {
			t.Errorf("%s: %+v, %v; want %+v, ok: %v", tt.name, got, err, tt.want, tt.ok)
		}
	}
}
