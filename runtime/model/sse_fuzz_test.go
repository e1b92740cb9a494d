package model

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"
)

// FuzzStream reads hostile streams whole and byte by byte, with the same result and
// no more text than there is room for.
func FuzzStream(f *testing.F) {
	f.Add([]byte("data: {\"choices\":[{\"delta\":{\"content\":\"ä\"},\"finish_reason\":\"stop\"}]}\r\n\r\ndata: [DONE]\n\n"))
	f.Add([]byte(": x\ndata: {\"usage\":{\"prompt_tokens\":-1}}\n\ndata:[DONE]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const room = 10
		read := func(from io.Reader) (string, Completion, bool) {
			var said []byte
			s := &stream{silence: time.AfterFunc(time.Hour, func() {}), room: room, say: func(piece string) error {
				said = append(said, piece...)
				return nil
			}}
			defer s.silence.Stop()
			s.events = newEvents(from, s.heard)
			result, err := s.read()
			return string(said), result, err == nil
		}
		text, result, ok := read(bytes.NewReader(data))
		if len(text) > room || !utf8.ValidString(text) || result.PromptTokens < 0 {
			t.Errorf("%q %+v", text, result)
		}
		if again, same, too := read(iotest.OneByteReader(bytes.NewReader(data))); again != text || same != result || too != ok {
			t.Errorf("byte by byte %q %+v %t, whole %q %+v %t", again, same, too, text, result, ok)
		}
	})
}
