package parse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/bulkhead-dev/bulkhead/runtime/parse/sandbox"
)

// Command is the argument that makes a program a child.
const Command = "parse"

// exitNoSandbox is how a child ends that could not enter the sandbox; nothing of
// the file has been read then.
const exitNoSandbox = 3

// Child is the whole life of a child process, given the arguments after Command:
// its memory and the file's size in bytes, the media type and the charset, which may
// be empty. It enters the sandbox, reads the file from the standard input, writes the text to the
// standard output and returns the exit code.
func Child(arguments []string) int {
	if err := child(arguments); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitNoSandbox
	}
	return 0
}

func child(arguments []string) error {
	if len(arguments) != 4 {
		return errors.New("give the memory, the size, the media type and the charset; the server does so itself")
	}
	memory, err := strconv.ParseInt(arguments[0], 10, 64)
	if err != nil {
		return err
	}
	size, err := strconv.Atoi(arguments[1])
	if err != nil {
		return err
	}
	f, known := formats[arguments[2]]
	if !known {
		return errors.New("this media type is not known")
	}
	if err := sandbox.Enter(sandbox.Limits{Memory: memory, Seconds: maxSeconds, Stack: maxStack}); err != nil {
		return err
	}
	var file bytes.Buffer
	file.Grow(min(max(size, 0), MaxBytes) + bytes.MinRead)
	if _, err := file.ReadFrom(io.LimitReader(os.Stdin, MaxBytes)); err != nil {
		return err
	}
	return writeFrame(os.Stdout, attempt(f, file.Bytes(), arguments[3]))
}

// outcome is a text, or why there is none.
type outcome struct {
	text   Text
	reason Reason
}

// attempt reads a file. A parser that panics has met a file that it cannot read.
func attempt(f format, data []byte, charset string) (o outcome) {
	defer func() {
		if recover() != nil {
			o = outcome{reason: Malformed}
		}
	}()
	text, err := convert(f, data, charset)
	if err == nil {
		return outcome{text: text}
	}
	var known *Error
	if errors.As(err, &known) {
		return outcome{reason: known.Reason}
	}
	return outcome{reason: Malformed}
}

func convert(f format, data []byte, charset string) (Text, error) {
	w := &writer{}
	if err := f(w, data, charset); err != nil {
		return Text{}, err
	}
	return w.text()
}
