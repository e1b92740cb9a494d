package main

import (
	"context"
	"time"

	"github.com/bulkhead-dev/bulkhead/hack/demo/cluster"
	"github.com/bulkhead-dev/bulkhead/hack/step"
)

// How long steps may take. Compiling Kubernetes on a busy machine with two cores is what the longest
// is for.
const (
	quickly = 2 * time.Minute
	slowly  = 10 * time.Minute
	patient = 90 * time.Minute
)

// The sample cell and its names; config/samples has the manifests.
const (
	cell             = "eu-1"
	runtimeNamespace = "bulkhead-eu-1"
	credentials      = "bulkhead-credentials"
	samples          = "config/samples"
)

// demo is what the steps work with, and what they learn from each other.
type demo struct {
	cluster *cluster.Cluster
	screen  screen
	report  *step.Reporter
	fresh   bool

	url     string // of the runtime's API, while it is forwarded
	tenants []*tenant
}

func (d *demo) run(ctx context.Context) error {
	start := d.start()
	if err := d.all(ctx,
		stage{"cluster", patient, d.up},
		stage{"operator", slowly, d.deploy},
		stage{"cell " + cell, slowly, d.makeCell},
		stage{"two tenants", quickly, d.makeTenants},
	); err != nil {
		return err
	}
	stop, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer stop()
	if err := d.all(ctx,
		stage{"documents", quickly, d.upload},
		stage{"questions", quickly, d.ask},
		stage{"questions about the other tenant", quickly, d.askOthers},
		stage{"network walls", quickly, d.testWalls},
	); err != nil {
		return err
	}
	d.next()
	return d.figure(start)
}

// stage is a step of the demo.
type stage struct {
	name  string
	limit time.Duration
	do    step.Func
}

func (d *demo) all(ctx context.Context, stages ...stage) error {
	for _, s := range stages {
		if err := d.report.Run(ctx, s.name, s.limit, s.do); err != nil {
			return err
		}
	}
	return nil
}
