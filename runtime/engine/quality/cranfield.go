package quality

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// ReadCranfield reads the Cranfield collection as the University of Glasgow
// distributes it: cran.all.1400, cran.qry and cranqrel.
func ReadCranfield(folder fs.FS) (*Collection, error) {
	var c Collection
	documents, err := readRecords(folder, "cran.all.1400")
	if err != nil {
		return nil, err
	}
	for _, r := range documents {
		c.Documents = append(c.Documents, Document{ID: r.id, Title: r.fields['T'], Text: r.fields['W']})
	}
	queries, err := readRecords(folder, "cran.qry")
	if err != nil {
		return nil, err
	}
	for i, r := range queries {
		c.Queries = append(c.Queries, Query{ID: strconv.Itoa(i + 1), Text: r.fields['W'], Gains: map[string]float64{}})
	}
	if err := readJudgements(folder, c.Queries); err != nil {
		return nil, err
	}
	c.Queries = judged(c.Queries)
	return &c, nil
}

// record is one entry of a file in SMART format: ".I id", then fields that begin
// with a line like ".T".
type record struct {
	id     string
	fields map[byte]string
}

func readRecords(folder fs.FS, name string) ([]record, error) {
	content, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, err
	}
	var records []record
	field := byte(0)
	for line := range strings.Lines(string(content)) {
		switch {
		case strings.HasPrefix(line, ".I "):
			records = append(records, record{id: strings.TrimSpace(line[3:]), fields: map[byte]string{}})
		case len(records) == 0:
			return nil, fmt.Errorf("%s: text before the first record", name)
		case len(line) == 3 && line[0] == '.':
			field = line[1]
		default:
			records[len(records)-1].fields[field] += line
		}
	}
	return records, nil
}

// irrelevant is the code of a document that the query's author found of no interest.
const irrelevant = "5"

// readJudgements sets the queries' gains: 1 for every document that is relevant in any
// degree. cranqrel numbers queries by their place in the file, not by their id.
func readJudgements(folder fs.FS, queries []Query) error {
	content, err := fs.ReadFile(folder, "cranqrel")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 3 {
			return fmt.Errorf("cranqrel: %q: want query, document and code", line)
		}
		query, err := strconv.Atoi(fields[0])
		if err != nil || query < 1 || query > len(queries) {
			return fmt.Errorf("cranqrel: no query %q", fields[0])
		}
		if fields[2] != irrelevant {
			queries[query-1].Gains[fields[1]] = 1
		}
	}
	return nil
}
