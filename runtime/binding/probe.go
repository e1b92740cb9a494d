package binding

// The runtime image probes, too: an isolation test needs a program inside the
// pods whose walls it tests, and this image is on every cluster already.
const (
	// Program is the path of the image's one program.
	Program = "/runtime"
	// CommandProbe has the subcommands ProbeWait, which keeps a pod alive, and
	// ProbeTry, which reads a ProbeRequest from its input and writes the
	// ProbeResults to its output.
	CommandProbe = "probe"
	ProbeWait    = "wait"
	ProbeTry     = "try"
)

// ProbeKind says what a task tries.
type ProbeKind string

// The kinds of tasks.
const (
	ProbeTCP    ProbeKind = "tcp"     // a connection to Address
	ProbeDNSUDP ProbeKind = "dns-udp" // a question to Address
	ProbeDNSTCP ProbeKind = "dns-tcp"
	ProbeKey    ProbeKind = "key" // a login to Key.Role, then an encryption and a decryption with Key.Name
)

// ProbeRequest is what one run tries, all of it at the same time.
type ProbeRequest struct {
	TimeoutMillis int64       `json:"timeoutMillis"` // of each task
	Tasks         []ProbeTask `json:"tasks"`
}

// ProbeTask is one attempt.
type ProbeTask struct {
	Kind ProbeKind `json:"kind"`
	// Address is an IP address and a port; for DNS, empty means the pod's own
	// name server.
	Address string `json:"address,omitempty"`
	Key     *Key   `json:"key,omitempty"`
}

// ProbeOutcome is what happened to an attempt.
type ProbeOutcome string

// The outcomes.
const (
	ProbeOpen        ProbeOutcome = "open"        // a connection, an answer, a key that opens what it closed
	ProbeDropped     ProbeOutcome = "dropped"     // no answer at all
	ProbeRejected    ProbeOutcome = "rejected"    // a packet filter said no (by ICMP, or in the pod's own kernel)
	ProbeRefused     ProbeOutcome = "refused"     // a reset: the packet has arrived, and nobody listens
	ProbeUnreachable ProbeOutcome = "unreachable" // no way there; of a key: its service does not answer
	ProbeDenied      ProbeOutcome = "denied"      // the key service refuses this identity
	ProbeFailed      ProbeOutcome = "failed"      // the attempt could not be made; Detail says why
)

// ProbeResult is what came of the task at the same place of the request.
type ProbeResult struct {
	Outcome ProbeOutcome `json:"outcome"`
	// Address that was tried.
	Address string `json:"address,omitempty"`
	// Detail is for people: who rejected, or what went wrong.
	Detail string `json:"detail,omitempty"`
}
