import assert from 'node:assert/strict';
import { directionArrow, ZoneModel, type Point } from '../../../nodes/scene/dialog/zone-model';
import { crossing } from '../../../src/scene/zones';

const newModel = (rows: object[] = []) => new ZoneModel(rows, (kind, number) => `${kind} ${number}`);

function drawn(kind: 'area' | 'line', points: Point[], model = newModel()): ZoneModel {
  model.start(kind);
  for (const point of points) model.addPoint(point);
  assert.equal(model.finish(), true);
  return model;
}

const TRIANGLE: Point[] = [
  [0.2, 0.2],
  [0.6, 0.2],
  [0.6, 0.6],
];

describe('zones, as they are drawn', () => {
  it('need three points for an area and two for a line', () => {
    const model = newModel();
    model.start('area');
    for (const point of TRIANGLE.slice(0, 2)) model.addPoint(point);
    assert.equal(model.finish(), false);
    assert.deepEqual(drawn('line', TRIANGLE.slice(0, 2)).zones[0]!.name, 'line 1');
  });

  it('take the two clicks of a double click for one point', () => {
    const [zone] = drawn('area', [...TRIANGLE, [0.601, 0.601]]).zones;
    assert.deepEqual(zone!.points, TRIANGLE);
  });

  it('stay inside the picture, each point and the whole', () => {
    const model = drawn('area', TRIANGLE);
    model.moveZone([0.9, -0.9]);
    assert.deepEqual(model.current!.points, [
      [0.6, 0],
      [1, 0],
      [1, 0.4],
    ]);
    model.movePoint([2, -1]);
    assert.deepEqual(model.current!.points[0], [1, 0]);
  });

  it('are as before after undo, step by step', () => {
    const model = drawn('area', TRIANGLE);
    model.insertAfter(0);
    assert.deepEqual(model.current!.points[1], [0.4, 0.2]);
    model.removePoint();
    model.removeZone();
    assert.equal(model.zones.length, 0);
    for (const points of [3, 4, 3]) {
      model.undo();
      assert.equal(model.zones[0]!.points.length, points);
    }
    model.undo();
    assert.deepEqual([model.zones.length, model.canUndo], [0, false]);
  });

  it('go as a whole with a point that they cannot spare', () => {
    const model = drawn('line', TRIANGLE.slice(0, 2));
    model.removePoint();
    assert.equal(model.zones.length, 0);
  });

  it('leave out what is no zone in a flow written by hand', () => {
    assert.deepEqual(newModel([{ name: 'x' }, { kind: 'area', points: [['a', 1]] }]).zones, []);
  });

  it('point the arrow of a line to where the scene says in', () => {
    for (const line of [TRIANGLE.slice(0, 2), TRIANGLE.slice(1), [...TRIANGLE].reverse().slice(0, 2)]) {
      const [from, to] = directionArrow(line, 0.1)!;
      const back: Point = [2 * from[0] - to[0], 2 * from[1] - to[1]];
      const at = ([x, y]: Point) => ({ x, y });
      assert.equal(crossing(line.map(at), at(back), at(to)), 'in');
    }
  });
});
