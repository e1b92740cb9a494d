package main

import "testing"

func TestQuote(t *testing.T) {
	for arg, want := range map[string]string{
		"cell/eu-1":                        "cell/eu-1",
		"--for=condition=Ready":            "--for=condition=Ready",
		"":                                 "''",
		"{.data.apiKey}":                   "'{.data.apiKey}'",
		"it's":                             `'it'\''s'`,
		"jsonpath={.status.phase}=Running": "'jsonpath={.status.phase}=Running'",
	} {
		if got := quote(arg); got != want {
			t.Errorf("quote(%q) = %s, want %s", arg, got, want)
		}
	}
}

func TestShorten(t *testing.T) {
	if got := shorten("two\n lines", 20); got != "two lines" {
		t.Errorf("got %q", got)
	}
	if got := shorten("°°°°", 3); got != "°°…" {
		t.Errorf("got %q", got)
	}
}
