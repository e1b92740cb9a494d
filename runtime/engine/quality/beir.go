package quality

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// maxLine bounds a line of a collection's files, and so a document.
const maxLine = 16 << 20

// ReadBEIR reads a collection as the BEIR benchmark lays it out (Thakur et al. 2021):
// corpus.jsonl, queries.jsonl and qrels/test.tsv.
func ReadBEIR(folder fs.FS) (*Collection, error) {
	var c Collection
	err := readEntries(folder, "corpus.jsonl", func(e entry) {
		c.Documents = append(c.Documents, Document(e))
	})
	if err != nil {
		return nil, err
	}
	numbers := map[string]int{}
	err = readEntries(folder, "queries.jsonl", func(e entry) {
		numbers[e.ID] = len(c.Queries)
		c.Queries = append(c.Queries, Query{ID: e.ID, Text: e.Text, Gains: map[string]float64{}})
	})
	if err != nil {
		return nil, err
	}
	err = readGrades(folder, "qrels/test.tsv", func(query, document string, grade float64) error {
		number, known := numbers[query]
		if !known {
			return fmt.Errorf("no query %q in queries.jsonl", query)
		}
		c.Queries[number].Gains[document] = grade
		return nil
	})
	c.Queries = judged(c.Queries)
	return &c, err
}

// judged returns the queries that have a judgement.
func judged(queries []Query) []Query {
	return slices.DeleteFunc(queries, func(q Query) bool { return len(q.Gains) == 0 })
}

// entry is a line of corpus.jsonl or queries.jsonl; queries have no title.
type entry struct {
	ID    string `json:"_id"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

func readEntries(folder fs.FS, name string, take func(entry)) error {
	seen := map[string]bool{}
	return readLines(folder, name, func(_ int, line string) error {
		var e entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return err
		}
		if e.ID == "" {
			return errors.New("no _id")
		}
		if seen[e.ID] {
			return fmt.Errorf("a second %q", e.ID)
		}
		seen[e.ID] = true
		take(e)
		return nil
	})
}

func readGrades(folder fs.FS, name string, take func(query, document string, grade float64) error) error {
	return readLines(folder, name, func(number int, line string) error {
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			return errors.New("want query-id, corpus-id and score between tabs")
		}
		grade, err := strconv.ParseFloat(fields[2], 64)
		if err != nil && number == 1 {
			return nil // the names of the columns
		}
		if err != nil {
			return fmt.Errorf("score %q is no number", fields[2])
		}
		return take(fields[0], fields[1], max(0, grade))
	})
}

// readLines gives take each line of a file that is not blank, with its number.
func readLines(folder fs.FS, name string, take func(number int, line string) error) error {
	file, err := folder.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	number := 1
	for ; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		if err := take(number, line); err != nil {
			return fmt.Errorf("%s:%d: %w", name, number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", name, number, err)
	}
	return nil
}
