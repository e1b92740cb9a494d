// Validate holds HTTP exchanges against an OpenAPI document: the document is the first
// line of the input, each further line is an exchange. It prints what does not fit.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/errors"
)

// exchange is a request and its response.
type exchange struct {
	Method, URL    string
	Header         http.Header
	Body           []byte
	Status         int
	ResponseHeader http.Header
	ResponseBody   []byte
}

func main() {
	if err := run(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in io.Reader) error {
	lines := bufio.NewReader(in)
	text, err := lines.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("document: %w", err)
	}
	v, err := open(text)
	if err != nil {
		return err
	}
	failed := 0
	for decoder := json.NewDecoder(lines); ; {
		var e exchange
		switch err := decoder.Decode(&e); {
		case err == io.EOF && failed == 0:
			return nil
		case err == io.EOF:
			return fmt.Errorf("%d exchanges are not as described", failed)
		case err != nil:
			return fmt.Errorf("exchange: %w", err)
		}
		if wrong := check(v, e); len(wrong) > 0 {
			failed++
			fmt.Fprintf(os.Stderr, "%s %s, %d %s: %v\n", e.Method, e.URL, e.Status, e.ResponseBody, wrong)
		}
	}
}

func open(text []byte) (validator.Validator, error) {
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	v, failed := validator.NewValidator(document)
	if len(failed) > 0 {
		return nil, fmt.Errorf("document: %v", failed)
	}
	if valid, wrong := v.ValidateDocument(); !valid {
		return nil, fmt.Errorf("it is not OpenAPI: %v", wrong)
	}
	return v, nil
}

// check validates the response, and the request if it was served.
func check(v validator.Validator, e exchange) []*errors.ValidationError {
	request, err := http.NewRequest(e.Method, e.URL, bytes.NewReader(e.Body))
	if err != nil {
		return []*errors.ValidationError{{Message: err.Error()}}
	}
	request.Header = e.Header
	if e.Status < http.StatusBadRequest {
		if valid, wrong := v.ValidateHttpRequest(request); !valid {
			return wrong
		}
		request.Body = io.NopCloser(bytes.NewReader(e.Body))
	}
	_, wrong := v.ValidateHttpResponse(request, &http.Response{
		StatusCode: e.Status, Header: e.ResponseHeader, Body: io.NopCloser(bytes.NewReader(e.ResponseBody)), Request: request,
	})
	return wrong
}
