package pdftext

import (
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// The accessors follow references, and return nothing for an object of another kind:
// what cannot be read of a page is left out.

func (d *Document) resolve(o types.Object) types.Object {
	for range 8 { // a reference to a reference is not allowed, but some write it
		ref, ok := o.(types.IndirectRef)
		if !ok {
			return o
		}
		next, err := d.objects.Dereference(ref)
		if err != nil {
			return nil
		}
		o = next
	}
	return nil
}

func (d *Document) dict(o types.Object) types.Dict {
	switch o := d.resolve(o).(type) {
	case types.Dict:
		return o
	case types.StreamDict:
		return o.Dict
	case *types.StreamDict:
		return o.Dict
	}
	return nil
}

func (d *Document) array(o types.Object) types.Array {
	a, _ := d.resolve(o).(types.Array)
	return a
}

func (d *Document) name(o types.Object) string {
	n, _ := d.resolve(o).(types.Name)
	return string(n)
}

func (d *Document) number(o types.Object) (float64, bool) {
	switch o := d.resolve(o).(type) {
	case types.Integer:
		return float64(o), true
	case types.Float:
		return float64(o), true
	}
	return 0, false
}

// numbers of an array; what is no number is 0.
func (d *Document) numbers(a types.Array) []float64 {
	all := make([]float64, len(a))
	for i, o := range a {
		all[i], _ = d.number(o)
	}
	return all
}

// stream is the decoded content of a stream.
func (d *Document) stream(o types.Object) []byte {
	var s types.StreamDict
	switch o := d.resolve(o).(type) {
	case types.StreamDict:
		s = o
	case *types.StreamDict:
		s = *o
	default:
		return nil
	}
	if s.Content == nil && s.DecodeWithLimit(d.objects.Conf.Limits.MaxDecodeBytes) != nil {
		return nil
	}
	return s.Content
}

// content is that of a page: a stream, or several of which words may span two.
func (d *Document) content(o types.Object) []byte {
	if parts := d.array(o); parts != nil {
		var all []byte
		for _, part := range parts {
			all = append(append(all, d.stream(part)...), '\n')
			if int64(len(all)) > d.objects.Conf.Limits.MaxDecodeBytes {
				return nil
			}
		}
		return all
	}
	return d.stream(o)
}
