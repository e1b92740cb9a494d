// Package audit records every access to tenants' data and every change of it
// in hash chains per (tenant, lane). An access begins with an intent that is
// committed before any plaintext leaves, and ends with a result. A change is
// recorded in lane 0 by the transaction that makes it. Details are sealed; the
// chain runs over a commitment to them, so that it stays verifiable when the
// keys are gone.
package audit
