package server

import "errors"

// parameterError is a problem with one parameter of a request.
type parameterError struct {
	problem
	parameter string
}

// Unwrap lets problemOf find the problem.
func (e parameterError) Unwrap() error { return e.problem }

// wrong is a 400 about one parameter.
func wrong(parameter, code, format string, args ...any) error {
	return parameterError{badRequest(code, format, args...), parameter}
}

// parameterOf names the parameter that an error is about; nil: none.
func parameterOf(err error) *string {
	var about parameterError
	if errors.As(err, &about) {
		return &about.parameter
	}
	return nil
}
