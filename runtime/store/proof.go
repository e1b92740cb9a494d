package store

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed proof.sql
var proofSQL string

// golden lists the facts that must hold, one a line, sorted.
//
//go:embed golden.txt
var golden string

// fact is one row of proof.sql.
type fact struct {
	Kind, Object, Text string
}

// prove compares the database with the golden list. The error names every
// difference: with it an operator knows what to grant, revoke or alter.
func prove(ctx context.Context, pool *pgxpool.Pool) error {
	var version int
	if err := pool.QueryRow(ctx, "select current_setting('server_version_num')::int").Scan(&version); err != nil {
		return err
	}
	if err := checkVersion(version); err != nil {
		return err
	}
	facts, err := gather(ctx, pool)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(facts, func(f fact) bool { return f.Kind == "table" }) {
		return fmt.Errorf("%w: it has no tables, run the migration", ErrUnproven)
	}
	if diff := compare(facts, strings.Split(strings.TrimSpace(golden), "\n")); len(diff) > 0 {
		return fmt.Errorf("%w:\n%s", ErrUnproven, strings.Join(diff, "\n"))
	}
	return nil
}

func gather(ctx context.Context, pool *pgxpool.Pool) ([]fact, error) {
	rows, err := pool.Query(ctx, proofSQL)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[fact])
}

// compare returns "missing" and "unexpected" lines.
func compare(facts []fact, want []string) []string {
	known := map[string]bool{} // tables and functions of this version
	for _, line := range want {
		known[subject(line)] = true
	}
	var diff, have []string
	for _, f := range facts {
		have = append(have, f.Text)
		if !slices.Contains(want, f.Text) && !newer(f, known) {
			diff = append(diff, "unexpected: "+f.Text)
		}
	}
	for _, line := range want {
		if !slices.Contains(have, line) {
			diff = append(diff, "missing: "+line)
		}
	}
	return diff
}

// subject is the table or function that a "table" or "function" line is about.
func subject(line string) string {
	words := strings.Fields(line)
	if words[0] != "table" && words[0] != "function" {
		return ""
	}
	name, _, _ := strings.Cut(words[1], "(")
	return name
}

// newer reports whether a fact only tells of an object that a later migration
// added, so that this version can restart beside its successor. A table has to
// force row-level security all the same.
func newer(f fact, known map[string]bool) bool {
	if known[f.Object] {
		return false
	}
	switch f.Kind {
	case "table":
		return strings.Contains(f.Text, " kind r ") && strings.HasSuffix(f.Text, "rls t forced t")
	case "function":
		return strings.Contains(f.Text, " owner bulkhead_")
	case "policy", "trigger":
		return true
	case "grant":
		return f.Object != "schema" && !strings.HasSuffix(f.Text, " to -")
	}
	return false
}
