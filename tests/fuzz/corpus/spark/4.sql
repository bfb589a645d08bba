SELECT ind, coordinates[0], coordinates[1], element_at(coordinates, 1), element_at(coordinates, -1), size(coordinates), coordinates[0] / 2 FROM geo ORDER BY ind LIMIT 20
