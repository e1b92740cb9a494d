package configuration

// Elsewhere is how the pods of another cluster reach Vault, and log in.
func (v Vault) Elsewhere(authMount string) Vault {
	v.AuthMount = authMount
	return v
}
