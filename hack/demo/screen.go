package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// margin puts what a step prints below the step's name.
const margin = "                 "

// screen shows what happens inside a step: first the command that somebody would type, then what
// comes of it.
type screen struct {
	out        io.Writer
	dim, reset string
}

// newScreen uses colour on a terminal only.
func newScreen(out *os.File) screen {
	s := screen{out: out}
	_, err := unix.IoctlGetTermios(int(out.Fd()), unix.TCGETS)
	if err == nil && os.Getenv("NO_COLOR") == "" {
		s.dim, s.reset = "\x1b[2m", "\x1b[0m"
	}
	return s
}

// command shows a command before it, or what it stands for, is run.
func (s screen) command(name string, args ...string) {
	words := []string{name}
	for _, arg := range args {
		words = append(words, quote(arg))
	}
	s.typed(strings.Join(words, " "))
}

// typed shows a line as it would be typed.
func (s screen) typed(line string) {
	fmt.Fprintf(s.out, "%s%s$ %s%s\n", margin, s.dim, line, s.reset)
}

func (s screen) say(format string, args ...any) {
	fmt.Fprintf(s.out, margin+format+"\n", args...)
}

// lines indents the output of a command.
func (s screen) lines(text string) {
	for line := range bytes.Lines([]byte(strings.TrimSpace(text))) {
		s.say("%s", bytes.TrimRight(line, "\n"))
	}
}

// quote makes an argument one word of a shell.
func quote(arg string) string {
	if arg != "" && !strings.ContainsAny(arg, " \"'`$\\|&;<>(){}[]*?!#~\n") {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
