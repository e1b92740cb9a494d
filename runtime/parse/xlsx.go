package parse

import (
	"bytes"

	"github.com/xuri/excelize/v2"
)

// readXLSX reads the sheets that are shown, each under its name as a table, with
// values as the workbook displays them. Hidden rows are left out.
func readXLSX(w *writer, data []byte, _ string) error {
	if _, err := openArchive(data); err != nil {
		return err
	}
	// Equal limits keep the library from unpacking into temporary files.
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked})
	if err != nil {
		return because(Malformed)
	}
	if properties, err := book.GetDocProps(); err == nil {
		w.title = properties.Title
	}
	for _, sheet := range book.GetSheetList() {
		if visible, err := book.GetSheetVisible(sheet); err != nil || !visible {
			continue
		}
		if err := readSheet(w, book, sheet); err != nil {
			return err
		}
	}
	return nil
}

func readSheet(w *writer, book *excelize.File, sheet string) error {
	rows, err := book.Rows(sheet)
	if err != nil {
		return nil //nolint:nilerr // a chart, or another sheet without cells
	}
	w.heading(2, sheet)
	for rows.Next() {
		hidden := rows.GetRowOpts().Hidden
		cells, err := rows.Columns()
		if err != nil {
			return because(Malformed)
		}
		if len(cells) > maxColumns || w.full {
			return because(TooLarge)
		}
		if !hidden {
			w.row(cells)
		}
	}
	if rows.Error() != nil {
		return because(Malformed)
	}
	return nil
}
