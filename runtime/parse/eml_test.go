package parse

import (
	"fmt"
	"strings"
	"testing"
)

func eml(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n")) }

const about = "From: Zoë <zoe@example.com>\nTo: bob@example.com\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n\n"

var aboutLines = []string{
	"From: =?utf-8?q?Zo=C3=AB?= <zoe@example.com>", "To: bob@example.com", "Date: Mon, 2 Nov 2026 10:00:00 +0000",
	"Subject: =?iso-8859-1?B?UmVmdW5kcyBm/HIgYWxsZQ==?=", "MIME-Version: 1.0",
}

func TestEML(t *testing.T) {
	tests := map[string]struct {
		lines []string
		want  string
	}{
		"plain":      {[]string{"", "Hello,", "Bob.", "", "# no heading"}, "Hello,\nBob.\n\n\\# no heading"},
		"no charset": {[]string{"", "caf\xe9"}, "café"},
		"UTF-8":      {[]string{"", "café"}, "café"},
		"UTF-16":     {[]string{"", "\xff\xfec\x00\xe9\x00"}, "cé"},
		"Shift JIS":  {[]string{"Content-Type: text/plain; charset=Shift_JIS", "", "\x93\xfa\x96\x7b"}, "日本"},
		"broken":     {[]string{"Content-Type: text/plain; charset=utf-8", "", "a\xffb"}, "a\ufffdb"},
		"quoted-printable": {
			[]string{"Content-Type: text/plain; charset=iso-8859-15", "Content-Transfer-Encoding: quoted-printable", "", "30 =A4 f=FC=", "r"},
			"30 € für",
		},
		"base64 of HTML": {
			[]string{"Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: base64", "", "PGgxPkhpPC9oMT48cD5jYWbD", "qTwvcD4="},
			"# Hi\n\ncafé",
		},
		"alternatives": {
			[]string{
				"Content-Type: multipart/alternative; boundary=b", "", "--b", "Content-Type: text/html", "", "<p>as HTML</p>",
				"--b", "Content-Type: text/plain", "", "as text", "--b--",
			}, "as text",
		},
		"an empty alternative": {
			[]string{
				"Content-Type: multipart/alternative; boundary=b", "", "--b", "Content-Type: text/plain", "", " ",
				"--b", "Content-Type: multipart/related; boundary=c", "", "--c", "Content-Type: text/html", "", "<p>as HTML</p>", "--c--", "--b--",
			}, "as HTML",
		},
		"attachments": {
			[]string{
				"Content-Type: multipart/mixed; boundary=b", "", "--b", "", "see below",
				"--b", "Content-Type: application/pdf; name=\"a.pdf\"", "Content-Transfer-Encoding: base64", "", "JVBERi0=",
				"--b", "Content-Disposition: attachment; filename*=utf-8''%C3%BCber.txt", "", "not read",
				"--b", "Content-Type: message/rfc822", "", "Subject: x", "", "not read", "--b--",
			}, "see below\n\nAttachments:\n\n- a.pdf\n- über.txt\n- message/rfc822",
		},
		"cut off": {[]string{"Content-Type: multipart/mixed; boundary=b", "", "--b", "", "half a mess"}, "half a mess"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			data := eml(append(aboutLines[:len(aboutLines):len(aboutLines)], test.lines...)...)
			compare(t, parsed(t, mediaEML, data), Text{Title: "Refunds für alle", Body: about + test.want})
		})
	}
}

func TestHostileEML(t *testing.T) {
	nested, many := []string{"MIME-Version: 1.0"}, []string{"Content-Type: multipart/mixed; boundary=b", ""}
	for i := range 10 * maxNesting {
		nested = append(nested, fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d", i), "", fmt.Sprintf("--b%d", i))
	}
	for range 10 * maxParts {
		many = append(many, "--b", "", "x")
	}
	for name, test := range map[string]struct {
		data []byte
		want Reason
	}{
		"nested":       {eml(nested...), TooLarge},
		"many parts":   {eml(many...), TooLarge},
		"no mail":      {[]byte("hello"), Malformed},
		"random bytes": {noise(1 << 16), Malformed},
		"a charset":    {eml("Content-Type: text/plain; charset=klingon", "", "x"), Charset},
		"no text":      {eml("MIME-Version: 1.0", "", ""), NoText},
	} {
		t.Run(name, func(t *testing.T) {
			if got := refused(t, mediaEML, test.data); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}
