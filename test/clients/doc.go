// Package clients is a module of its own for what tries the runtime's API from
// outside: OpenAI's official clients, and a validator of its OpenAPI document. They
// are programs that the tests of runtime/replica run against a real runtime, so that
// none of them is a dependency of what is shipped.
package clients
