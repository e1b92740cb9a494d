package pdftext

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"
)

// simple is an encoding of one byte a code.
type simple [256]string

// baseEncoding is one by its name in PDF; a font that names none has the standard
// one, or one of its own that is mostly this.
func baseEncoding(name string) simple {
	switch name {
	case "MacRomanEncoding":
		return fromCharmap(charmap.Macintosh)
	case "StandardEncoding":
		return standardEncoding()
	}
	return fromCharmap(charmap.Windows1252)
}

func fromCharmap(m *charmap.Charmap) simple {
	var s simple
	for i := range s {
		if r := m.DecodeByte(byte(i)); r != utf8.RuneError && i >= ' ' {
			s[i] = string(r)
		}
	}
	return s
}

// standardHigh is the upper half of Adobe's standard encoding, from 0xA1 on; a blank
// is a code without a glyph.
const standardHigh = "¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ –†‡· ¶•‚„”»…‰ ¿ `´ˆ˜¯˘˙¨ ˚¸ ˝˛ˇ—                Æ ª    ŁØŒº     æ   ı  łøœß"

func standardEncoding() simple {
	s := fromCharmap(charmap.Windows1252)
	s['\''], s['`'] = "’", "‘"
	for i := 0x80; i < len(s); i++ {
		s[i] = ""
	}
	i := 0xA1
	for _, r := range standardHigh {
		if r != ' ' {
			s[i] = string(r)
		}
		i++
	}
	return s
}

// glyphs are the names of glyphs in Adobe's list that do not say by themselves what
// they are.
var glyphs = parseGlyphs(`exclam ! quotedbl " numbersign # dollar $ percent % ampersand & quotesingle ' quoteright ’
quoteleft ‘ parenleft ( parenright ) asterisk * plus + comma , hyphen - minus − period . slash / zero 0 one 1 two 2 three 3
four 4 five 5 six 6 seven 7 eight 8 nine 9 colon : semicolon ; less < equal = greater > question ? at @ bracketleft [
backslash \ bracketright ] asciicircum ^ underscore _ grave ` + "` " + `braceleft { bar | braceright } asciitilde ~ exclamdown ¡
cent ¢ sterling £ currency ¤ yen ¥ brokenbar ¦ section § dieresis ¨ copyright © ordfeminine ª guillemotleft « guillemotright »
logicalnot ¬ registered ® macron ¯ degree ° plusminus ± acute ´ mu µ paragraph ¶ periodcentered · cedilla ¸ ordmasculine º
onequarter ¼ onehalf ½ threequarters ¾ questiondown ¿ AE Æ ae æ OE Œ oe œ Eth Ð eth ð Thorn Þ thorn þ germandbls ß
multiply × divide ÷ Oslash Ø oslash ø Lslash Ł lslash ł Dcroat Đ dcroat đ dotlessi ı fi fi fl fl ff ff ffi ffi ffl ffl
quotesinglbase ‚ quotedblbase „ quotedblleft “ quotedblright ” guilsinglleft ‹ guilsinglright › endash – emdash — bullet •
dagger † daggerdbl ‡ ellipsis … perthousand ‰ trademark ™ Euro € florin ƒ fraction ⁄ circumflex ˆ tilde ˜ breve ˘ dotaccent ˙
ring ˚ hungarumlaut ˝ ogonek ˛ caron ˇ Alpha Α Beta Β Gamma Γ Delta Δ Epsilon Ε Theta Θ Lambda Λ Pi Π Sigma Σ Phi Φ Psi Ψ
Omega Ω alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ nu ν xi ξ pi π rho ρ sigma σ
tau τ phi φ chi χ psi ψ omega ω infinity ∞ lessequal ≤ greaterequal ≥ notequal ≠ approxequal ≈ summation ∑ product ∏
integral ∫ radical √ partialdiff ∂ arrowright → arrowleft ← arrowup ↑ arrowdown ↓ element ∈ sfthyphen -`)

func parseGlyphs(table string) map[string]string {
	m := map[string]string{"space": " ", "nbspace": " "}
	fields := strings.Fields(table)
	for i := 0; i+1 < len(fields); i += 2 {
		m[fields[i]] = fields[i+1]
	}
	return m
}

// accents end the names of accented letters.
var accents = map[string]string{
	"acute": "\u0301", "grave": "\u0300", "circumflex": "\u0302", "dieresis": "\u0308", "tilde": "\u0303", "ring": "\u030a",
	"caron": "\u030c", "breve": "\u0306", "macron": "\u0304", "ogonek": "\u0328", "cedilla": "\u0327", "dotaccent": "\u0307",
	"hungarumlaut": "\u030b", "commaaccent": "\u0326",
}

// glyphText is the text of a glyph by its name, "" when the name does not say.
func glyphText(name string) string {
	name, _, _ = strings.Cut(name, ".") // a variant
	if text, ok := glyphs[name]; ok {
		return text
	}
	if len(name) == 1 {
		return name
	}
	if len(name) > 1 {
		if accent, ok := accents[name[1:]]; ok {
			return norm.NFC.String(name[:1] + accent)
		}
	}
	for _, prefix := range []string{"uni", "u"} {
		if digits, ok := strings.CutPrefix(name, prefix); ok && len(digits) >= 4 && len(digits) <= 6 {
			if value, err := strconv.ParseUint(digits, 16, 21); err == nil {
				return string(rune(value))
			}
		}
	}
	return ""
}

// predefined is the character set of a predefined CMap by its name; nil when codes
// are of the font's own.
func predefined(name string) encoding.Encoding {
	for _, c := range []struct {
		part string
		set  encoding.Encoding
	}{
		{"UCS2", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
		{"UTF16", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
		{"RKSJ", japanese.ShiftJIS},
		{"GBK", simplifiedchinese.GBK},
		{"GB-EUC", simplifiedchinese.GBK},
		{"B5", traditionalchinese.Big5},
		{"KSC", korean.EUCKR},
		{"EUC", japanese.EUCJP},
	} {
		if strings.Contains(name, c.part) {
			return c.set
		}
	}
	return nil
}
