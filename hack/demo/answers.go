package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"
)

// upload sends every document of both tenants, each tenant with its own key.
func (d *demo) upload(ctx context.Context, log io.Writer) error {
	d.screen.typed(fmt.Sprintf(`curl -T %s/documents/acme/faq.md -H "Authorization: Bearer $KEY" -H "Content-Type: text/markdown" %s/v1/documents/faq.md`, samples, d.url))
	tenants, ctx := errgroup.WithContext(ctx)
	for _, t := range d.tenants {
		tenants.Go(func() error { return t.upload(ctx, log) })
	}
	if err := tenants.Wait(); err != nil {
		return err
	}
	for _, t := range d.tenants {
		d.screen.say("%-8s %d documents uploaded", t.name, len(t.documents))
	}
	return nil
}

func (t *tenant) upload(ctx context.Context, log io.Writer) error {
	for _, name := range slices.Sorted(maps.Keys(t.documents)) {
		if err := t.api.put(ctx, name, t.documents[name]); err != nil {
			return fmt.Errorf("%s uploads %s: %w", t.name, name, err)
		}
		fmt.Fprintf(log, "%s uploaded %s\n", t.name, name)
	}
	return nil
}

// ask asks every question as the tenant that knows the answer.
func (d *demo) ask(ctx context.Context, log io.Writer) error {
	d.screen.typed(fmt.Sprintf(`curl %s/v1/answer -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -d '{"query": "..."}'`, d.url))
	for _, t := range d.tenants {
		for _, q := range t.questions {
			said, err := t.api.answer(ctx, q.Question)
			if err == nil {
				err = t.check(ctx, said, q.Expect)
			}
			if err != nil {
				return fmt.Errorf("%s asks %q: %w", t.name, q.Question, err)
			}
			fmt.Fprintf(log, "%s: %s\n", q.Question, said.Answer)
			d.showAnswer(t.name, q.Question, said)
		}
	}
	return nil
}

// check compares an answer with what is expected, and its citations with the document as the runtime
// gives it back and as the file holds it: byte for byte.
func (t *tenant) check(ctx context.Context, said answer, expect string) error {
	if !strings.Contains(said.Answer, expect) {
		return fmt.Errorf("the answer is %q, without %q", said.Answer, expect)
	}
	if len(said.Citations) == 0 {
		return errors.New("the answer cites nothing")
	}
	for _, c := range said.Citations {
		stored, err := t.api.content(ctx, c.Document)
		if err != nil {
			return err
		}
		if string(stored) != string(t.documents[c.Name]) {
			return fmt.Errorf("%s read back differs from the file", c.Name)
		}
		if c.Start < 0 || c.End < c.Start || c.End > len(stored) || string(stored[c.Start:c.End]) != c.Text {
			return fmt.Errorf("bytes %d to %d of %s are not the cited %q", c.Start, c.End, c.Name, c.Text)
		}
	}
	return nil
}

func (d *demo) showAnswer(tenant, question string, said answer) {
	d.screen.say("%-8s %s", tenant, question)
	d.screen.say("%-8s → %s", "", shorten(said.Answer, 300))
	for _, c := range said.Citations {
		d.screen.say("%-8s   %s, bytes %d to %d, read back and equal", "", c.Name, c.Start, c.End)
	}
}

// askOthers asks every question as the tenant that must not know the answer.
func (d *demo) askOthers(ctx context.Context, log io.Writer) error {
	for i, t := range d.tenants {
		other := d.tenants[len(d.tenants)-1-i]
		for _, q := range other.questions {
			said, err := t.api.answer(ctx, q.Question)
			if err == nil && (said.Found || len(said.Citations) > 0 || strings.Contains(said.Answer, q.Expect)) {
				err = fmt.Errorf("it finds %q in %v, want nothing of %s", said.Answer, said.Citations, other.name)
			}
			if err != nil {
				return fmt.Errorf("%s asks %q: %w", t.name, q.Question, err)
			}
			fmt.Fprintf(log, "%s: %s: nothing\n", t.name, q.Question)
			d.screen.say("%-8s %s", t.name, q.Question)
			d.screen.say("%-8s → nothing found: only %s knows", "", other.name)
		}
	}
	return nil
}

// shorten makes one line of at most limit runes.
func shorten(text string, limit int) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}
