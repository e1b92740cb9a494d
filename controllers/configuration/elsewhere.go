package configuration

// Elsewhere is how the pods of another cluster reach Vault, and where they log in.
func (v Vault) Elsewhere(authMount string) Vault {
	v.Address, v.CABundle, v.Egress = v.Remote.Address, v.Remote.CABundle, v.Remote.Egress
	v.AuthMount = authMount
	return v
}
