package replica

import (
	"log/slog"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/parse"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
)

// Config is all that a replica is told.
type Config struct {
	Pod        tenants.Pod
	Kubernetes kubernetes.Interface // for Secrets and ConfigMaps of the pod's namespace
	Database   store.Config         // of the cell; without a host the cell has none
	Dedicated  store.Config         // of every tenant with a database of its own: port and pools
	Handover   time.Duration        // for which such a one is used over its former login while a new one does not work
	Vault      seal.VaultConfig

	APIAddress string // host:port
	OpsAddress string
	TLSDir     string // tls.crt and tls.key; plain HTTP when they are absent

	Lease      time.Duration // of data keys after the last proof of access
	Indexes    corpus.CacheConfig
	PurgeAfter time.Duration // how long a deleted document's terms stay in the index, sealed
	InFlight   int64         // requests at a time
	Ingests    int64         // uploads that are worked on at a time
	Uploads    int64         // memory of uploads
	Indexing   int64         // memory of making indexes of them
	Parse      parse.Config  // of files; its children have memory of their own
	Queue      Queue         // of uploads
	Patience   time.Duration // how far a client may fall behind the pace at which it must send and receive
	Grace      time.Duration // between failing readiness and closing the port
	Drain      time.Duration // for requests in flight at the end

	Log *slog.Logger
}

// Queue is how a replica works on the uploads that wait in the database.
type Queue struct {
	Length  int64         // uploads of one tenant that may wait
	Workers int64         // uploads that are worked on at a time
	Lease   time.Duration // after which another replica takes over the work of one that died
	Poll    time.Duration // between two looks into a database
	Retry   time.Duration // before the second attempt; it doubles with every other
}
