package server

import (
	"net/http"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// usage is how much there is, beside how much there may be of all of the tenant.
type usage struct {
	Object    string         `json:"object"`
	Tenant    binding.Tenant `json:"tenant"`
	Documents int64          `json:"documents"`
	Bytes     int64          `json:"bytes"`
	Chunks    int64          `json:"chunks"`
	Hybrid    bool           `json:"hybrid"`
	ToEmbed   int64          `json:"chunks_to_embed"`
	Limits    limits         `json:"limits"`
}

type limits struct {
	Documents         int64 `json:"documents"`
	StorageBytes      int64 `json:"storage_bytes"`
	DocumentBytes     int64 `json:"document_bytes"`
	RequestsPerMinute int32 `json:"requests_per_minute"`
	ConcurrentIngests int32 `json:"concurrent_ingests"`
}

func getUsage(x *exchange) error {
	req, err := x.begin("", "")
	if err != nil {
		return err
	}
	u, err := x.server.Corpus.Usage(x.r.Context(), req)
	if err != nil {
		return err
	}
	of := req.Tenant.Limits
	return x.reply(http.StatusOK, usage{
		Object: "usage", Tenant: req.Tenant.Tenant, Documents: u.Documents, Bytes: u.Bytes, Chunks: u.Chunks, Hybrid: u.Hybrid, ToEmbed: u.ToEmbed,
		Limits: limits{of.Documents, of.StorageBytes, largestDocument(x), of.RequestsPerMinute, of.ConcurrentIngests},
	})
}
