package step

import (
	"os"
	"strings"
	"sync"
)

// log is a step's log file that remembers its last lines, for the progress and failure lines.
type log struct {
	path  string
	mu    sync.Mutex
	file  *os.File
	lines []string
	part  string // a line that has not ended yet
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := strings.Split(l.part+string(p), "\n")
	l.part = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		if strings.TrimSpace(line) != "" {
			l.lines = append(l.lines, line)
		}
	}
	if extra := len(l.lines) - tailLines; extra > 0 {
		l.lines = append([]string(nil), l.lines[extra:]...)
	}
	return l.file.Write(p)
}

func (l *log) Close() error { return l.file.Close() }

// tail returns the last lines, an unfinished one included.
func (l *log) tail() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := append([]string(nil), l.lines...)
	if strings.TrimSpace(l.part) != "" {
		lines = append(lines, l.part)
	}
	return lines
}

func (l *log) last() string {
	lines := l.tail()
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}
