package outgoing

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// Why a request did not leave, or was not answered.
var (
	// ErrOrigin: the request's URL is of no origin that the tenant may reach.
	ErrOrigin = errors.New("this service is not on the tenant's list: ask your operator to allow it")
	// ErrAddress: the service's name leads to an address that is closed.
	ErrAddress = errors.New("the service's name leads to a private or reserved address: ask your operator to allow that network, or correct the name")
	// ErrUnreachable: there is no connection to the service, or it broke.
	ErrUnreachable = errors.New("the service can not be reached")
	// ErrTooLarge: the answer has more bytes than were allowed.
	ErrTooLarge = errors.New("the service's answer is too large")
)

// explain replaces what the network says, which names addresses, by one of the
// errors above, or by the context's when that has ended.
func explain(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, ErrAddress):
		return ErrAddress
	case errors.Is(err, ErrOrigin):
		return ErrOrigin
	}
	return fmt.Errorf("%w: %s", ErrUnreachable, reason(err))
}

func reason(err error) string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return "its name is unknown"
	case errors.As(err, &name):
		return "its name can not be looked up"
	case errors.As(err, &certificate):
		return "its certificate is not trusted"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "it refuses connections"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "it took too long"
	}
	return "the connection failed"
}
