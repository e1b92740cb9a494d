package parse

// readPlain reads plain text and Markdown, which need no more than a charset.
func readPlain(w *writer, data []byte, charset string) error {
	text, err := decode(data, charset)
	if err != nil {
		return err
	}
	w.raw(text)
	return nil
}
