// Package userpass is empty: only the server's own tests import the real one.
package userpass
