package report

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Plot shows cost over size, both axes logarithmic.
type Plot struct {
	// File is the name of the file, without its directory.
	File          string
	Title, XLabel string
	Lines         []Line
}

// Line is the cost of one subject, in nanoseconds.
type Line struct {
	Name string
	// Style is the number of its colour and mark.
	Style  int
	Points []Point
}

// Point is the cost at one size.
type Point struct{ Size, Nanoseconds float64 }

// The lines' colours, distinct to those who see colours differently too, and
// their marks, for those who see none.
var (
	colours = []color.RGBA{
		{0x00, 0x00, 0x00, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x72, 0xb2, 0xff}, {0x00, 0x9e, 0x73, 0xff},
		{0xcc, 0x79, 0xa7, 0xff}, {0xe6, 0x9f, 0x00, 0xff}, {0x56, 0xb4, 0xe9, 0xff}, {0x80, 0x80, 0x80, 0xff},
	}
	marks = []draw.GlyphDrawer{
		draw.CircleGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.RingGlyph{},
		draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.CrossGlyph{}, draw.PlusGlyph{},
	}
)

// Write draws the plot as SVG into a directory.
func (p *Plot) Write(directory string) error {
	drawn := titled(p.Title)
	drawn.X.Label.Text = p.XLabel
	drawn.Y.Label.Text = "time of one decision"
	drawn.X.Scale, drawn.Y.Scale = plot.LogScale{}, plot.LogScale{}
	drawn.X.Tick.Marker = decades(func(x float64) string { return Count(int(math.Round(x))) })
	drawn.Y.Tick.Marker = decades(func(y float64) string {
		return strings.NewReplacer(".00 ", " ", ".0 ", " ").Replace(Duration(y))
	})
	drawn.Legend.Top, drawn.Legend.Left = true, true
	drawn.Legend.Padding = vg.Points(2)
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{0xdd}, color.Gray{0xdd}
	drawn.Add(grid)
	highest := 0.
	for _, l := range p.Lines {
		points := make(plotter.XYs, len(l.Points))
		for k, at := range l.Points {
			points[k] = plotter.XY{X: at.Size, Y: at.Nanoseconds}
			highest = max(highest, at.Nanoseconds)
		}
		line, marked, err := plotter.NewLinePoints(points)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", p.File, l.Name, err)
		}
		line.Color, line.Width = colours[l.Style%len(colours)], vg.Points(1.5)
		marked.Color, marked.Shape = line.Color, marks[l.Style%len(marks)]
		drawn.Add(line, marked)
		drawn.Legend.Add(l.Name, line, marked)
	}
	// The y axis spans whole decades, with room for the legend above.
	drawn.Y.Min = math.Pow(10, math.Floor(math.Log10(drawn.Y.Min)))
	drawn.Y.Max = math.Pow(10, math.Ceil(math.Log10(highest))+1)
	return save(drawn, filepath.Join(directory, p.File))
}

// titled is an empty drawing.
func titled(title string) *plot.Plot {
	drawn := plot.New()
	for _, style := range []*draw.TextStyle{
		&drawn.Title.TextStyle, &drawn.X.Label.TextStyle, &drawn.Y.Label.TextStyle,
		&drawn.X.Tick.Label, &drawn.Y.Tick.Label, &drawn.Legend.TextStyle,
	} {
		style.Font.Variant = "Sans"
	}
	drawn.Title.Text, drawn.Title.Padding = title, vg.Points(4)
	return drawn
}

// save writes a drawing as SVG.
func save(drawn *plot.Plot, file string) error {
	canvas := vgsvg.New(9*vg.Inch, 6*vg.Inch)
	drawn.Draw(draw.New(canvas))
	var text bytes.Buffer
	if _, err := canvas.WriteTo(&text); err != nil {
		return err
	}
	// Who reads the plot may not have the font that it was laid out with.
	named := bytes.ReplaceAll(text.Bytes(), []byte("font-family:Liberation Sans;"),
		[]byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;"))
	return os.WriteFile(file, named, 0o644)
}

// decades are ticks at the powers of ten, with labels.
type decades func(float64) string

// Ticks implements plot.Ticker.
func (label decades) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		value := math.Pow(10, e)
		ticks = append(ticks, plot.Tick{Value: value, Label: label(value)})
		for k := 2.; k < 10; k++ {
			ticks = append(ticks, plot.Tick{Value: k * value})
		}
	}
	return ticks
}
