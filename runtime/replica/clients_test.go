package replica_test

import (
	"net/http"
	"os"
	"os/exec"
	"testing"
)

// clientModel is the embedding model that the clients expect.
const clientModel = "embedder-of-acme"

// TestOfficialClients: OpenAI's own clients work against a runtime.
func TestOfficialClients(t *testing.T) {
	c := newCell(t)
	api := newLLM(t, func(w http.ResponseWriter, _ *http.Request) { says(w, "The kestrel hovers", " in the wind. [1", "]") })
	acme := c.tenant(t, "acme", api.chats, newEmbedder(t).embeds(clientModel))
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/other", "A heron waits."), 201, "")
	for name, command := range map[string][]string{
		"Go":         {"go", "run", "./openai"},
		"JavaScript": {"node", "openai.mjs"},
	} {
		t.Run(name, func(t *testing.T) {
			client := exec.CommandContext(t.Context(), command[0], command[1:]...)
			client.Dir = "../../test/clients"
			client.Env = append(os.Environ(), "OPENAI_BASE_URL="+n.url+"/v1", "OPENAI_API_KEY="+acme.key)
			if said, err := client.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, said)
			}
		})
	}
}
