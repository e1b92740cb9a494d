# What the operator may do in Vault. It makes, configures, rotates and schedules
# the deletion of the tenants' keys, and says who may use them. Every path that
# uses a key (encrypt, decrypt, datakey, rewrap, sign, export, backup) is missing
# here, and so denied.

path "transit/keys/t-*" {
  capabilities = ["create", "read", "update"]
}

path "sys/policies/acl/bulkhead-t-*" {
  capabilities = ["create", "read", "update", "delete"]
}

path "auth/kubernetes/role/bulkhead-t-*" {
  capabilities = ["create", "read", "update", "delete"]
}
