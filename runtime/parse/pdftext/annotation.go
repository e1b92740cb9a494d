package pdftext

import "github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

// Flags of an annotation that is not seen.
const (
	hiddenFlag = 1 << 1
	noViewFlag = 1 << 5
)

// annotations draws what stands on the page without being of it: the fields of a
// form, and text that was put there later.
func (p *interpreter) annotations(o types.Object) error {
	d := p.document
	for _, o := range d.array(o) {
		annotation := d.dict(o)
		flags, _ := d.number(annotation["F"])
		if int(flags)&(hiddenFlag|noViewFlag) != 0 || d.name(annotation["Subtype"]) == "Popup" {
			continue
		}
		look := d.dict(annotation["AP"])["N"]
		if state := d.name(annotation["AS"]); state != "" && d.stream(look) == nil {
			look = d.dict(look)[state]
		}
		p.state = newInterpreter(d).state
		rect, box := d.numbers(d.array(annotation["Rect"])), d.numbers(d.array(d.dict(look)["BBox"]))
		if len(rect) == 4 && len(box) == 4 {
			p.state.page = identity.moved(min(rect[0], rect[2])-box[0], min(rect[1], rect[3])-box[1])
		}
		if err := p.form(look, nil, 0); err != nil {
			return err
		}
	}
	return nil
}
