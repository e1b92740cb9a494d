package desired

import (
	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// databaseCA carries the certificate of the database's authority, never its
// key, to the runtime.
func databaseCA(in CellInput) any {
	if in.Cell.Spec.Runtime == nil || in.Cell.Spec.Database == nil || in.DatabaseCA == "" {
		return nil
	}
	return certificate(in, nameDatabaseCA, in.DatabaseCA)
}

func vaultCA(in CellInput) any {
	if in.Cell.Spec.Runtime == nil || in.Config.Vault.CABundle == "" {
		return nil
	}
	return certificate(in, nameVaultCA, in.Config.Vault.CABundle)
}

func certificate(in CellInput, name, pem string) any {
	return corev1ac.ConfigMap(name, RuntimeNamespace(in.Cell.Name)).
		WithLabels(labels(in.Cell.Name, PartRuntime)).
		WithData(map[string]string{binding.FileCA: pem})
}

// databasePasswords hands the passwords of the two login roles to the runtime.
func databasePasswords(in CellInput) any {
	if in.Cell.Spec.Runtime == nil || in.Cell.Spec.Database == nil || in.AppPassword == "" || in.LanePassword == "" {
		return nil
	}
	return corev1ac.Secret(nameDatabase, RuntimeNamespace(in.Cell.Name)).
		WithLabels(labels(in.Cell.Name, PartRuntime)).
		WithType(corev1.SecretTypeOpaque).
		WithData(map[string][]byte{
			binding.FileAppPassword:  []byte(in.AppPassword),
			binding.FileLanePassword: []byte(in.LanePassword),
		})
}
