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

# The pods of another cluster log in at a mount of that cluster's own,
# bulkhead/<cluster>: a wildcard stands for a whole segment of a path, and none of
# these reaches auth/kubernetes, where the operator itself logs in. To make a mount
# Vault asks for "sudo" besides. It can be of this method only, and there is no
# right to tune, move or remove one, or to list what else is mounted.
path "sys/auth/bulkhead/+" {
  capabilities = ["update", "sudo"]
  allowed_parameters = {
    "type" = ["kubernetes"]
  }
}

path "auth/bulkhead/+/config" {
  capabilities = ["read", "update"]
}

path "auth/bulkhead/+/role/bulkhead-t-*" {
  capabilities = ["create", "read", "update", "delete"]
}
