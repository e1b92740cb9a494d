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
	"github.com/bulkhead-dev/bulkhead/runtime/ingest"
)

func createFile(x *exchange) error {
	slot, err := x.server.Limits.Upload(x.caller.Tenant)
	if err != nil {
		return err
	}
	defer slot.Done()
	file, err := receiveForm(x, slot)
	if err != nil {
		return err
	}
	doc, _, err := ingestNow(x, slot, file)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, presentFile(doc))
}

// maxForm is what a form may have beside its file, in bytes.
const maxForm = 16 << 10

// receiveForm takes a file in out of a form, and checks it as any document.
func receiveForm(x *exchange, slot *guard.Upload) (corpus.File, error) {
	media, params, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" || params["boundary"] == "" {
		return corpus.File{}, unsupported("Send the file as 'Content-Type: multipart/form-data'.")
	}
	shared := corpus.File{}
	if err := x.share(&shared); err != nil {
		return shared, err
	}
	largest := largestDocument(x)
	file, err := consume(x, largest+maxForm, ingest.CodeTooLarge, slot.Receive, func(in io.Reader) (corpus.File, error) {
		return readForm(multipart.NewReader(in, params["boundary"]), largest)
	})
	if err != nil {
		return file, err
	}
	file.Owner, file.Principals = shared.Owner, shared.Principals
	return file, checkData(file)
}

func readForm(form *multipart.Reader, largest int64) (file corpus.File, err error) {
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return file, err
		}
		switch name := part.FormName(); name {
		case "file":
			err = readFile(part, largest, &file)
		case "purpose":
			file.Purpose, err = readPurpose(part)
		default:
			err = unsupportedParameter(name, "a file has a purpose only")
		}
		if err != nil {
			return file, err
		}
	}
	switch {
	case file.ExternalID == "":
		return file, missing("file")
	case file.Purpose == "":
		return file, missing("purpose")
	}
	return file, nil
}

func readFile(part *multipart.Part, largest int64, file *corpus.File) (err error) {
	if file.ExternalID != "" {
		return wrong("file", "invalid_value", "file must be one file.")
	}
	if file.ExternalID = part.FileName(); file.ExternalID == "" {
		return wrong("file", "invalid_value", "file must have a filename.")
	}
	file.ContentType = typeOf(part)
	if err := identify(file); err != nil {
		return problemOf(err) // not of the body
	}
	file.Data, err = io.ReadAll(io.LimitReader(part, largest+1))
	if err == nil && int64(len(file.Data)) > largest {
		err = tooLarge(ingest.CodeTooLarge, largest)
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
