// Package auditlog reads audit logs while they grow: the API server's, and OpenBao's.
package auditlog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
)

// Log is a log with a JSON object on each line, from a place on: at first its beginning.
type Log struct {
	Path string

	offset int64
}

// Skip leaves out what is there now.
func (l *Log) Skip() error {
	info, err := os.Stat(l.Path)
	if err != nil {
		return err
	}
	l.offset = info.Size()
	return nil
}

// Each visits the lines since the last call. A line without its end is still being written, and is left for
// the next. It is an error if the log has begun anew in the meantime.
func (l *Log) Each(visit func(line []byte) error) error {
	file, err := os.Open(l.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < l.offset {
		return fmt.Errorf("%s was rotated; run again", l.Path)
	}
	if _, err := file.Seek(l.offset, io.SeekStart); err != nil {
		return err
	}
	lines := bufio.NewReaderSize(file, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		l.offset += int64(len(line))
		if err := visit(line); err != nil {
			return fmt.Errorf("%s: %w", l.Path, err)
		}
	}
}
