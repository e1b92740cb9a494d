package vault

import "fmt"

// tokenTTL of a runtime's login, in seconds. Batch tokens are not stored and
// cannot be renewed: the runtime logs in again.
const tokenTTL = 15 * 60

// policy lets a tenant's pods wrap and unwrap data keys under one key.
// "update" without "create": a missing key is never made by using it.
func policy(mount, key string) string {
	return fmt.Sprintf(`path "%[1]s/encrypt/%[2]s" { capabilities = ["update"] }
path "%[1]s/decrypt/%[2]s" { capabilities = ["update"] }
path "%[1]s/rewrap/%[2]s" { capabilities = ["update"] }
`, mount, key)
}

func role(spec Spec, audience string) map[string]any {
	return map[string]any{
		"bound_service_account_names":      []string{spec.ServiceAccount},
		"bound_service_account_namespaces": []string{spec.Namespace},
		"audience":                         audience,
		"token_policies":                   []string{spec.Role},
		"token_no_default_policy":          true,
		"token_type":                       "batch",
		"token_ttl":                        tokenTTL,
		"token_max_ttl":                    tokenTTL,
	}
}
