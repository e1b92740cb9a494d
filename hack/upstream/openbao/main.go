// Command openbao is the OpenBao server, which speaks the HashiCorp Vault API.
package main

import (
	"os"

	"github.com/openbao/openbao/command"
)

func main() {
	os.Exit(command.Run(os.Args[1:]))
}
