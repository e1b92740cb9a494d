package scale

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/test/kube"
)

// managerAccount is the operator's ServiceAccount in config/rbac.
const managerAccount = "bulkhead-manager"

// stopLimit is what the Deployment of config/manager grants the process to end.
const stopLimit = 10 * time.Second

// operator is the real cmd/manager as a process, with the identity, the rights
// and the flags that config/ gives it.
type operator struct {
	program, dir string
	args         []string

	process *exec.Cmd
	ended   chan error
	peak    float64 // MiB, of the processes before this one
	used    time.Duration
}

// newOperator builds the program and writes what it reads.
func newOperator(ctx context.Context, k *kube.Kubernetes, config configuration.Configuration, dir string) (*operator, error) {
	o := &operator{program: filepath.Join(dir, "manager"), dir: dir}
	build := exec.CommandContext(ctx, "go", "build", "-o", o.program, "github.com/bulkhead-dev/bulkhead/cmd/manager")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the manager: %w: %s", err, out)
	}
	content, err := yaml.Marshal(config)
	if err != nil {
		return nil, err
	}
	token, err := k.Token(ctx, desired.SystemNamespace, managerAccount, config.Vault.Audience)
	if err != nil {
		return nil, err
	}
	connection, err := k.As(ctx, desired.SystemNamespace, managerAccount)
	if err != nil {
		return nil, err
	}
	o.args = []string{
		"--config", filepath.Join(dir, "config.yaml"), "--vault-token-file", filepath.Join(dir, "vault-token"),
		"--namespace", desired.SystemNamespace, "--metrics-address", "0", "--health-address", "0", "--pprof-address", pprofAddress,
	}
	return o, errors.Join(
		os.WriteFile(filepath.Join(dir, "config.yaml"), content, 0o600),
		os.WriteFile(filepath.Join(dir, "vault-token"), []byte(token), 0o600),
		kube.WriteKubeconfig(connection, filepath.Join(dir, "kubeconfig")))
}

// log is where all processes of the operator wrote to.
func (o *operator) log() string { return filepath.Join(o.dir, "manager.log") }

func (o *operator) start() error {
	log, err := os.OpenFile(o.log(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	process := exec.Command(o.program, o.args...)
	process.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(o.dir, "kubeconfig"))
	process.Stdout, process.Stderr = log, log
	process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := process.Start(); err != nil {
		return err
	}
	o.process, o.ended = process, make(chan error, 1)
	go func() { o.ended <- process.Wait() }()
	return nil
}

// stop ends the process as a kubelet does.
func (o *operator) stop() error {
	if o.process == nil {
		return nil
	}
	peak, used, err := o.usage()
	if err == nil {
		o.peak, o.used = peak, used
	}
	_ = o.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-o.ended:
	case <-time.After(stopLimit):
		_ = o.process.Process.Kill()
		<-o.ended
		err = errors.Join(err, fmt.Errorf("the operator did not end within %s of SIGTERM", stopLimit))
	}
	o.process = nil
	return err
}

// usage is the most memory that any process of the operator had, in MiB, and
// the processor time of all of them.
func (o *operator) usage() (peak float64, used time.Duration, err error) {
	if o.process == nil {
		return o.peak, o.used, nil
	}
	rss, err1 := peakRSS(o.process.Process.Pid)
	now, err2 := cpu(o.process.Process.Pid)
	return max(o.peak, rss), o.used + now, errors.Join(err1, err2)
}
