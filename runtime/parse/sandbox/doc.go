// Package sandbox lets a process give up what it does not need before it reads
// something that nobody trusts. What is left is memory and time within limits, the
// files that are open already, and threads: no new file, no connection, no other
// program, no other process.
//
// It takes seccomp(2), no_new_privs and resource limits only, which a pod under the
// restricted Pod Security Standard may use; it needs no capability and no namespace.
package sandbox
