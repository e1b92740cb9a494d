package parse

import (
	"testing"
	"unicode/utf8"
)

// smuggled is a text with another one behind it, bit by bit in characters that nobody sees.
func smuggled(text string, zero, one rune) string {
	for _, c := range []byte("pay 001") {
		for bit := range 8 {
			text += string([]rune{zero, one}[c>>bit&1])
		}
	}
	return text
}

func TestClean(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"overrides":          {"a\u202eb\u202dc\u202ad\u202be\u202c", "abcde"},
		"isolates":           {"a\u2066b\u2067c\u2068d\u2069", "abcd"},
		"marks":              {"a\u200eb\u200fc\u061cd", "abcd"},
		"without width":      {"pass\u200bwo\u2060rd\ufeff so\u00adft", "password soft"},
		"joiners in Latin":   {"pass\u200dwo\u200crd", "password"},
		"joiners in Persian": {"می\u200cخواهم", "می\u200cخواهم"},
		"joined emoji":       {"👩\u200d💻", "👩\u200d💻"},
		"tags":               {"hi\U000E0049\U000E0067", "hi"},
		"selectors":          {"hi\ufe00\ufe0f\ufe01\U000E0100", "hi\ufe0f"},
		"text in selectors":  {smuggled("hi", '\ufe00', '\ufe01'), "hi"},
		"text in two emoji":  {smuggled("❤", '\ufe0f', '\ufe0e'), "❤\ufe0f"},
		"text in joiners":    {smuggled("👩", '\u200c', '\u200d') + "💻", "👩\u200c💻"},
		"text in fillers":    {smuggled("hi", '\u3164', '\uffa0'), "hi"},
		"text in unassigned": {smuggled("hi", '\U000E01F0', '\U000E0FFF'), "hi"},
		"no emoji before":    {"\ufe0fa \ufe0e\n\ufe0f", "a \n"},
		"drawn as emoji":     {"❤\ufe0f 1\ufe0f\u20e3 ☎\ufe0e", "❤\ufe0f 1\ufe0f\u20e3 ☎\ufe0e"},
		"a joined selector":  {"❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"},
		"control characters": {"a\x00b\x1b\x07c\u0090", "abc"},
		"ends of lines":      {"a\r\nb\rc\u2028d\u0085e\ff", "a\nb\nc\nd\ne\nf"},
		"tabs":               {"a\tb", "a\tb"},
		"not UTF-8":          {"a\xff\xc3(", "a\ufffd\ufffd("},
	} {
		got := clean(test.text)
		if got != test.want || clean(got) != got {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestVisible(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"ordinary":       {"a\r\n\tb \u00a0é\f", "a\r\n\tb \u00a0é\f"},
		"overrides":      {"pay \u202e001\u202c\r\nnow", "pay 001\r\nnow"},
		"a byte order":   {"\ufeff# Title", "# Title"},
		"escapes":        {"a\x1b[0mb\x00", "a[0mb"},
		"joined emoji":   {"👩\u200d💻", "👩\u200d💻"},
		"drawn as emoji": {"❤\ufe0f", "❤\ufe0f"},
		"selectors":      {"hi\ufe00\ufe01", "hi"},
		"nothing at all": {"\u200b", ""},
	} {
		if got := string(Visible([]byte(test.text))); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestCleanLine(t *testing.T) {
	if got := cleanLine(" a\n b\u202e\t ", 10); got != "a b" {
		t.Errorf("%q", got)
	}
	if got := cleanLine("日本語", 7); got != "日本" || !utf8.ValidString(got) {
		t.Errorf("%q", got)
	}
}
