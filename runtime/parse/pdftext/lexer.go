package pdftext

import (
	"bytes"
	"strconv"
)

// operand is what a content stream gives to its operators.
type operand struct {
	kind   operandKind
	number float64
	text   []byte // of a string, a name or an operator
	list   []operand
}

type operandKind int

const (
	numberOperand operandKind = iota
	stringOperand
	nameOperand
	listOperand
	otherOperand // a dictionary, a boolean, null
	operator
)

// lexer reads content streams and CMaps.
type lexer struct {
	data []byte
	at   int
}

const (
	maxLists    = 16      // depth of arrays and dictionaries
	maxOperands = 1 << 16 // of an operator, and elements of an array
)

// next is the next operand or operator; not ok at the end.
func (l *lexer) next(depth int) (operand, bool) {
	l.blanks()
	if l.at >= len(l.data) {
		return operand{}, false
	}
	switch c := l.data[l.at]; {
	case c == '(':
		return operand{kind: stringOperand, text: l.literal()}, true
	case c == '<' && l.peek(1) == '<':
		l.at += 2
		l.list(">>", depth)
		return operand{kind: otherOperand}, true
	case c == '<':
		return operand{kind: stringOperand, text: l.hex()}, true
	case c == '[':
		l.at++
		return operand{kind: listOperand, list: l.list("]", depth)}, true
	case c == '/':
		l.at++
		return operand{kind: nameOperand, text: l.name()}, true
	case delimiter(c): // one too many
		l.at++
		return operand{kind: otherOperand}, true
	}
	return l.word(), true
}

func (l *lexer) peek(ahead int) byte {
	if l.at+ahead < len(l.data) {
		return l.data[l.at+ahead]
	}
	return 0
}

func (l *lexer) blanks() {
	for l.at < len(l.data) {
		switch c := l.data[l.at]; {
		case c == '%':
			end := bytes.IndexAny(l.data[l.at:], "\r\n")
			if end < 0 {
				end = len(l.data) - l.at
			}
			l.at += end
		case blank(c):
			l.at++
		default:
			return
		}
	}
}

func blank(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func delimiter(c byte) bool {
	return bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0
}

// list reads to a closing delimiter, or to the end.
func (l *lexer) list(end string, depth int) []operand {
	var list []operand
	for {
		l.blanks()
		if l.at >= len(l.data) || depth > maxLists {
			return list
		}
		if bytes.HasPrefix(l.data[l.at:], []byte(end)) {
			l.at += len(end)
			return list
		}
		o, ok := l.next(depth + 1)
		if !ok {
			return list
		}
		if len(list) < maxOperands {
			list = append(list, o)
		}
	}
}

// literal reads a string in parentheses.
func (l *lexer) literal() []byte {
	var text []byte
	depth := 0
	for ; l.at < len(l.data); l.at++ {
		c := l.data[l.at]
		switch c {
		case '(':
			if depth++; depth == 1 {
				continue
			}
		case ')':
			if depth--; depth == 0 {
				l.at++
				return text
			}
		case '\\':
			text = l.escape(text)
			continue
		}
		text = append(text, c)
	}
	return text
}

// escape reads what follows a backslash and stays on its last byte.
func (l *lexer) escape(text []byte) []byte {
	l.at++
	c := l.peek(0)
	switch {
	case c >= '0' && c <= '7':
		code := 0
		for n := 0; n < 3 && l.peek(0) >= '0' && l.peek(0) <= '7'; n++ {
			code = code*8 + int(l.data[l.at]-'0')
			l.at++
		}
		l.at--
		return append(text, byte(code))
	case c == '\r' && l.peek(1) == '\n':
		l.at++
		return text
	case c == '\r' || c == '\n':
		return text
	}
	if i := bytes.IndexByte([]byte("nrtbf"), c); i >= 0 {
		c = "\n\r\t\b\f"[i]
	}
	return append(text, c)
}

// hex reads a string in angle brackets.
func (l *lexer) hex() []byte {
	var text []byte
	half, high := false, byte(0)
	for l.at++; l.at < len(l.data); l.at++ {
		c := l.data[l.at]
		if c == '>' {
			l.at++
			break
		}
		digit, ok := hexDigit(c)
		switch {
		case !ok:
		case half:
			text = append(text, high<<4|digit)
			half = false
		default:
			half, high = true, digit
		}
	}
	if half {
		text = append(text, high<<4)
	}
	return text
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

func (l *lexer) regular() []byte {
	start := l.at
	for l.at < len(l.data) && !blank(l.data[l.at]) && !delimiter(l.data[l.at]) {
		l.at++
	}
	return l.data[start:l.at]
}

func (l *lexer) name() []byte {
	raw := l.regular()
	if bytes.IndexByte(raw, '#') < 0 {
		return raw
	}
	var name []byte
	for i := 0; i < len(raw); i++ {
		if raw[i] == '#' && i+2 < len(raw) {
			high, ok := hexDigit(raw[i+1])
			low, ok2 := hexDigit(raw[i+2])
			if ok && ok2 {
				name = append(name, high<<4|low)
				i += 2
				continue
			}
		}
		name = append(name, raw[i])
	}
	return name
}

// word reads a number or an operator.
func (l *lexer) word() operand {
	text := l.regular()
	if c := text[0]; c == '+' || c == '-' || c == '.' || c >= '0' && c <= '9' {
		number, err := strconv.ParseFloat(string(text), 64)
		if err != nil {
			number = 0 // as other readers take it
		}
		return operand{kind: numberOperand, number: number}
	}
	switch string(text) {
	case "true", "false", "null":
		return operand{kind: otherOperand}
	}
	return operand{kind: operator, text: text}
}

// skipImage leaves out the data of an inline image, after its ID.
func (l *lexer) skipImage() {
	for {
		i := bytes.Index(l.data[l.at:], []byte("EI"))
		if i < 0 {
			l.at = len(l.data)
			return
		}
		l.at += i + 2
		if blank(l.data[l.at-3]) && (l.at == len(l.data) || blank(l.data[l.at])) {
			return
		}
	}
}
