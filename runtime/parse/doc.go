// Package parse makes text of the files that tenants upload: HTML, PDF, DOCX, PPTX,
// XLSX and e-mail (EML). Plain text and Markdown are text already, and Visible is all
// that they need.
//
// The text is valid UTF-8 in the Markdown that the engine splits: headings begin
// with #, list items with -, rows of a table with |, code stands between fences.
// Where a line of the file's own text would read as one of these, a backslash
// stands before it. Links, images and what the file hides from its readers are left
// out, and so are attachments of e-mail, of which the names are kept. No link is
// followed, no entity is fetched, no macro or script is run. Controls that reorder
// text or cannot be seen are removed, so that a person reads what a model reads.
//
// # Where it runs
//
// A file is read by a child process in a sandbox (package sandbox): this very
// program, started with the argument Command, with an empty environment and no file
// open but the document on its standard input and the text on its standard output.
// The parent kills it at the deadline and trusts nothing that it says: it bounds,
// decodes and cleans the child's output as if it were the file. A program that makes
// a Parser calls Child when it is started so:
//
//	if len(os.Args) > 1 && os.Args[1] == parse.Command {
//		os.Exit(parse.Child(os.Args[2:]))
//	}
//
// At most Config.Children run at a time, and callers wait for their turn. Each
// takes up to Config.Memory; both together must fit into what the container has
// besides the server.
//
// # Errors
//
// An error that is the file's is an *Error, whose Reason is for programs and whose
// message says what a person can do. Neither has any of the file in it. An error
// of another type is ours, and the same file may do later.
package parse
