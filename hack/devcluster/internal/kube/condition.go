package kube

import (
	"context"
	"fmt"
)

// Condition says why an object's condition is not True.
func (c *Client) Condition(ctx context.Context, path, kind string) error {
	var object struct {
		Status struct {
			Conditions []struct{ Type, Status, Reason, Message string }
		}
	}
	if err := c.Get(ctx, path, &object); err != nil {
		return err
	}
	for _, condition := range object.Status.Conditions {
		if condition.Type == kind && condition.Status == "True" {
			return nil
		}
		if condition.Type == kind {
			return fmt.Errorf("%s is %s: %s: %s", kind, condition.Status, condition.Reason, condition.Message)
		}
	}
	return fmt.Errorf("%s is not known yet", kind)
}
