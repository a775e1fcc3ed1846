package report

import (
	"fmt"
	"image/color"
	"path/filepath"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// Bars shows how subjects compare in several respects: a group of bars for each.
type Bars struct {
	// File is the name of the file, without its directory.
	File          string
	Title, YLabel string
	Groups        []string
	Subjects      []Subject
}

// Subject has a bar in each group.
type Subject struct {
	Name   string
	Values []float64
}

// Write draws the bars as SVG into a directory.
func (b *Bars) Write(directory string) error {
	drawn := titled(b.Title)
	drawn.Y.Label.Text = b.YLabel
	drawn.Y.Min = 0
	drawn.Legend.Top = true
	drawn.Legend.Padding = vg.Points(2)
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color = color.Gray{0xdd}
	drawn.Add(grid)
	const whole = 9 * vg.Inch * 0.7 // of the drawing, but for margins and what is between groups
	width := whole / vg.Length(len(b.Groups)*len(b.Subjects))
	highest := 0.
	for i, s := range b.Subjects {
		bars, err := plotter.NewBarChart(plotter.Values(s.Values), width)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", b.File, s.Name, err)
		}
		bars.Color, bars.LineStyle.Width = colours[i%len(colours)], 0
		bars.Offset = width * (vg.Length(i) - vg.Length(len(b.Subjects)-1)/2)
		drawn.Add(bars)
		drawn.Legend.Add(s.Name, bars)
		for _, v := range s.Values {
			highest = max(highest, v)
		}
	}
	drawn.NominalX(b.Groups...)
	drawn.X.Min, drawn.X.Max = -0.5, float64(len(b.Groups))-0.5
	const room = 1.3 // for the legend above
	drawn.Y.Max = highest * room
	return save(drawn, filepath.Join(directory, b.File))
}
