import { networkMatrix } from '../network-matrix.js'

networkMatrix(['P0', 'S1', 'S2', 'ce-delta'])
