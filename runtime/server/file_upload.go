package server

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strings"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/guard"
)

func createFile(x *exchange) error {
	slot, err := x.server.Limits.Upload(x.caller.Tenant)
	if err != nil {
		return err
	}
	defer slot.Done()
	up, err := receiveForm(x, slot)
	if err != nil {
		return err
	}
	if err := slot.Work(x.r.Context()); err != nil {
		return err
	}
	req, err := x.begin(up.ExternalID, "")
	if err != nil {
		return err
	}
	doc, _, err := x.server.Corpus.Put(x.r.Context(), req, up)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, presentFile(doc))
}

// maxForm is what a form may have beside its file, in bytes.
const maxForm = 16 << 10

// receiveForm reads a file out of a form, and checks it as any document.
func receiveForm(x *exchange, slot *guard.Upload) (corpus.Upload, error) {
	media, params, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" || params["boundary"] == "" {
		return corpus.Upload{}, unsupported("Send the file as 'Content-Type: multipart/form-data'.")
	}
	largest := x.largestDocument()
	up, err := consume(x, largest+maxForm, codeTooLarge, slot.Receive, func(in io.Reader) (corpus.Upload, error) {
		return readForm(multipart.NewReader(in, params["boundary"]), largest)
	})
	if err != nil {
		return up, err
	}
	return checkUpload(up)
}

func readForm(form *multipart.Reader, largest int64) (up corpus.Upload, err error) {
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return up, err
		}
		switch name := part.FormName(); name {
		case "file":
			err = readFile(part, largest, &up)
		case "purpose":
			up.Purpose, err = readPurpose(part)
		default:
			err = unsupportedParameter(name, "a file has a purpose only")
		}
		if err != nil {
			return up, err
		}
	}
	switch {
	case up.ExternalID == "":
		return up, missing("file")
	case up.Purpose == "":
		return up, missing("purpose")
	}
	return up, nil
}

func readFile(part *multipart.Part, largest int64, up *corpus.Upload) (err error) {
	if up.ExternalID != "" {
		return wrong("file", "invalid_value", "file must be one file.")
	}
	if up.ExternalID = part.FileName(); up.ExternalID == "" {
		return wrong("file", "invalid_value", "file must have a filename.")
	}
	if up.Media, err = mediaOf(typeOf(part)); err != nil {
		return err
	}
	up.Text, err = io.ReadAll(io.LimitReader(part, largest+1))
	if err == nil && int64(len(up.Text)) > largest {
		err = tooLarge(codeTooLarge, largest)
	}
	return err
}

// typeOf is the type of a part or, where its client does not know it, what its name
// ends in says.
func typeOf(part *multipart.Part) string {
	said := part.Header.Get("Content-Type")
	if said != "" && said != "application/octet-stream" {
		return said
	}
	switch extension := strings.ToLower(path.Ext(part.FileName())); extension {
	case ".md", ".markdown":
		return "text/markdown"
	case ".txt":
		return "text/plain"
	default:
		return mime.TypeByExtension(extension)
	}
}

func readPurpose(part *multipart.Part) (string, error) {
	const longest = 64
	text, err := io.ReadAll(io.LimitReader(part, longest))
	if purpose := string(text); err != nil || purpose == forAssistants || purpose == forUserData {
		return purpose, err
	}
	return "", wrong("purpose", "invalid_value", "purpose must be %s or %s.", forAssistants, forUserData)
}

func tooLarge(code string, limit int64) problem {
	return problem{
		http.StatusRequestEntityTooLarge, invalid, code, fmt.Sprintf("The body may have at most %d bytes: send less.", limit), 0,
	}
}
