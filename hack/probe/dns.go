package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

func resolve(name string, timeout time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, name)
	if err != nil {
		return "", fmt.Errorf("%s does not resolve: %w", name, err)
	}
	return fmt.Sprintf("%s is %s", name, strings.Join(addresses, ", ")), nil
}
